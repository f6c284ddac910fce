/** How a room stands, as operators see it. */
import type { Content } from './content.ts'
import type { Membership, Standing } from './member.ts'

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

const isSlow = ({ member, isLagging }: Membership): boolean => isLagging || member.isFull

/** How a room stands. */
export const figuresOf = (
  { roomId, seq, members }: { readonly roomId: string; readonly seq: number; readonly members: number },
  { tail, snapshotBytes, unsavedBytes }: Content,
  memberships: Iterable<Membership>,
): RoomFigures => {
  const slow = Array.from(memberships).filter(isSlow).length
  const { bytes: tailBytes, rows: tailRows } = tail
  return { roomId, members, slow, seq, snapshotBytes, tailBytes, tailRows, unsavedBytes }
}

/** Who is in a room. */
export const peopleOf = (memberships: Iterable<Membership>): Person[] =>
  Array.from(memberships, (membership) => {
    const { user, identity, state, acknowledged } = membership.member
    return { user, name: identity?.name ?? null, role: state.role, acknowledged, isSlow: isSlow(membership) }
  })
