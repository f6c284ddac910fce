/** How a room stands, as operators see it. */
import { pageOf, STORY_PAGE } from '../../shared/names.ts'
import type { OpenFigures, Person } from '../../shared/operators.ts'
import type { Content } from './content.ts'
import type { Membership } from './member.ts'

export type { Person } from '../../shared/operators.ts'

export interface RoomFigures extends OpenFigures {
  readonly roomId: string
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

/** How many are in rooms. Whoever reads a page has the story's own document open too, and is counted once. */
export const peopleIn = (rooms: readonly RoomFigures[]): number =>
  rooms.reduce((sum, { roomId, members }) => (pageOf(roomId).page === STORY_PAGE ? sum : sum + members), 0)

/** Who is in a room. */
export const peopleOf = (memberships: Iterable<Membership>): Person[] =>
  Array.from(memberships, (membership) => {
    const { user, identity, state, acknowledged } = membership.member
    return { user, name: identity?.name ?? null, role: state.role, acknowledged, isSlow: isSlow(membership) }
  })
