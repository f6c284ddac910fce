/** What an operator asks all processes about a page, and what they answer. */
import type { OpenFigures, Person } from '../../shared/operators.ts'
import type { RoomFigures } from '../room/figures.ts'

/** `who`: who is there; `close`: close the sockets. */
export interface RoomAsked {
  readonly what: 'who' | 'close'
  readonly roomId: string
}

export interface RoomSaid {
  /** Null: the page is not open there. */
  readonly open: OpenFigures | null
  readonly people: readonly Person[]
  /** Sockets that were closed. */
  readonly closed: number
}

/** A page that is open, as far as this asks for it. */
export interface OpenRoom {
  readonly figures: RoomFigures
  readonly people: Person[]
  sendAway(text: string): number
}

/** People that a process tells of. */
export const SHOWN_PEOPLE = 500

/** How a process answers about the rooms that it has open. */
export const answererOf =
  (rooms: { room(roomId: string): OpenRoom | undefined }) =>
  ({ what, roomId }: RoomAsked): RoomSaid => {
    const room = rooms.room(roomId)
    if (room === undefined) return { open: null, people: [], closed: 0 }
    switch (what) {
      case 'who': {
        const { roomId: _roomId, ...open } = room.figures
        return { open, people: room.people.slice(0, SHOWN_PEOPLE), closed: 0 }
      }
      case 'close':
        return { open: null, people: [], closed: room.sendAway('an operator closed the sockets of this page') }
      default:
        return what satisfies never
    }
  }

/** A page as all that have it open told of it: figures of where most people are, members and slow readers of all. */
export const inAll = (said: readonly RoomSaid[]): { readonly open: OpenFigures | null; readonly people: Person[] } => {
  const people = said.flatMap((each) => each.people).slice(0, SHOWN_PEOPLE)
  const opens = said.flatMap(({ open }) => open ?? [])
  const [most] = opens.toSorted((one, other) => other.members - one.members)
  if (most === undefined) return { open: null, people }
  const sum = (of: (open: OpenFigures) => number) => opens.reduce((all, open) => all + of(open), 0)
  return { open: { ...most, members: sum(({ members }) => members), slow: sum(({ slow }) => slow) }, people }
}
