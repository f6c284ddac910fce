/** What a room is given. */
import type { Pace } from '../pace.ts'
import type { Counters } from '../ports.ts'
import type { AnswersParts } from './answers.ts'
import type { CommitsParts } from './commits.ts'
import type { Elsewhere } from './elsewhere.ts'
import type { FoldSettings } from './follow.ts'
import type { Room } from './room.ts'

export interface RoomSettings extends FoldSettings {
  /** Bytes of one client's presence. */
  readonly maxPresenceBytes: number
  /** Bytes of a page. */
  readonly maxPageBytes: number
}

export interface RoomParts extends CommitsParts, AnswersParts {
  readonly counters: Counters
  readonly settings: RoomSettings
  /** That of all rooms. */
  readonly foldPace: Pace
  /** Told of each entry of presence that is refused. */
  readonly presenceDropped: () => void
  /** Other processes that may hold the page too. */
  readonly elsewhere: Elsewhere
  /** Told that the last member has left. */
  readonly emptied: (room: Room) => void
  /** Told that the room can serve no longer; its members are closed by then. */
  readonly ended: (room: Room) => void
}
