/** How a room stands, as operators see it. */
import type { Standing } from './member.ts'

export interface RoomFigures {
  readonly roomId: string
  readonly members: number
  /** Members who do not read as fast as they are written to. */
  readonly slow: number
  readonly seq: number
  readonly snapshotBytes: number
  /** What lies above the snapshot. */
  readonly tailBytes: number
  readonly tailRows: number
  /** Taken in and not committed yet. */
  readonly unsavedBytes: number
}

/** One who is in a room. */
export interface Person {
  readonly user: string | null
  /** What the others see, where somebody vouches for it. */
  readonly name: string | null
  readonly role: Standing['role']
  /** Whether it hears of each commit. */
  readonly acknowledged: boolean
  /** It does not read as fast as it is written to: what it lacks is sent when it has caught up. */
  readonly isSlow: boolean
}
