/** What an operator asks all processes about the pages they have open, and what they answer. */
import type { OpenFigures, Person } from '../../shared/operators.ts'
import type { RoomFigures } from '../room/figures.ts'

/** By what open pages are ordered, the most first. */
export const ORDERS = {
  members: ({ members }: RoomFigures) => members,
  slow: ({ slow }: RoomFigures) => slow,
  tail: ({ tailBytes }: RoomFigures) => tailBytes,
  bytes: ({ snapshotBytes, tailBytes }: RoomFigures) => snapshotBytes + tailBytes,
}

/** Pages in memory with these letters in their names, the first so many of them. */
export interface ListAsked {
  readonly what: 'list'
  readonly letters: string
  readonly order: keyof typeof ORDERS
  readonly limit: number
}

/** `who`: who is there; `close`: close the sockets. */
export type RoomAsked = ListAsked | { readonly what: 'who' | 'close'; readonly roomId: string }

export interface RoomSaid {
  /** Null: the page is not open there. */
  readonly open: OpenFigures | null
  readonly people: readonly Person[]
  /** Sockets that were closed. */
  readonly closed: number
  readonly list: readonly RoomFigures[]
  /** How many pages the list would have without a limit, and how many of these somebody has open. */
  readonly count: number
  readonly opened: number
}

/** A page that is open, as far as this asks for it. */
export interface OpenRoom {
  readonly figures: RoomFigures
  readonly people: Person[]
  sendAway(text: string): number
}

/** People that a process tells of. */
export const SHOWN_PEOPLE = 500

const NOTHING: RoomSaid = { open: null, people: [], closed: 0, list: [], count: 0, opened: 0 }

/** How a process answers about the rooms that it has open. */
export const answererOf =
  (rooms: { room(roomId: string): OpenRoom | undefined; figures(): RoomFigures[] }) =>
  (asked: RoomAsked): RoomSaid => {
    if (asked.what === 'list') return { ...NOTHING, ...listed(rooms.figures(), asked) }
    const room = rooms.room(asked.roomId)
    if (room === undefined) return NOTHING
    switch (asked.what) {
      case 'who': {
        const { roomId: _roomId, ...open } = room.figures
        return { ...NOTHING, open, people: room.people.slice(0, SHOWN_PEOPLE) }
      }
      case 'close':
        return { ...NOTHING, closed: room.sendAway('an operator closed the sockets of this page') }
      default:
        return asked satisfies never
    }
  }

const listed = (rooms: readonly RoomFigures[], { letters, order, limit }: ListAsked) => {
  const found = rooms.filter(({ roomId }) => roomId.toLowerCase().includes(letters))
  return { list: ordered(found, order).slice(0, limit), count: found.length, opened: found.filter(isOpen).length }
}

/** Whether somebody has it open: a page stays in memory for a while after that. */
const isOpen = ({ members }: RoomFigures): boolean => members > 0

const ordered = <Figures extends RoomFigures>(rooms: readonly Figures[], order: keyof typeof ORDERS): Figures[] =>
  rooms.toSorted((a, b) => ORDERS[order](b) - ORDERS[order](a) || (a.roomId < b.roomId ? -1 : 1))

/** A page as several processes have it: figures of where most people are, members and slow readers of all. */
const together = <Figures extends OpenFigures>(opens: readonly Figures[]): Figures | null => {
  const [most] = opens.toSorted((one, other) => other.members - one.members)
  if (most === undefined) return null
  const sum = (of: (open: OpenFigures) => number) => opens.reduce((all, open) => all + of(open), 0)
  return { ...most, members: sum(({ members }) => members), slow: sum(({ slow }) => slow) }
}

/** Pages in memory as all processes listed them, each with how many of its members are elsewhere than `here`. */
export const listOfAll = (
  here: RoomSaid,
  elsewhere: readonly RoomSaid[],
  { order, limit }: ListAsked,
): {
  readonly rooms: readonly (RoomFigures & { readonly elsewhere: number })[]
  readonly open: number
  readonly held: number
} => {
  const said = [here, ...elsewhere]
  const byRoom = new Map<string, RoomFigures[]>()
  const listed = said.flatMap(({ list }) => list)
  for (const room of listed) byRoom.set(room.roomId, [...(byRoom.get(room.roomId) ?? []), room])
  const membersHere = new Map(here.list.map(({ roomId, members }) => [roomId, members]))
  const rooms = [...byRoom.values()].flatMap((opens) => {
    const open = together(opens)
    return open === null ? [] : [{ ...open, elsewhere: open.members - (membersHere.get(open.roomId) ?? 0) }]
  })
  // A page that two have is counted once, as far as both listed it.
  const counted = (of: (each: RoomSaid) => number, among: (rooms: readonly RoomFigures[]) => number) =>
    said.reduce((sum, each) => sum + of(each), 0) - among(listed) + among(rooms)
  return {
    rooms: ordered(rooms, order).slice(0, limit),
    open: counted(
      ({ opened }) => opened,
      (some) => some.filter(isOpen).length,
    ),
    held: counted(
      ({ count }) => count,
      (some) => some.length,
    ),
  }
}

/** A page as all that have it open told of it. */
export const inAll = (said: readonly RoomSaid[]): { readonly open: OpenFigures | null; readonly people: Person[] } => {
  const people = said.flatMap((each) => each.people).slice(0, SHOWN_PEOPLE)
  return { open: together(said.flatMap(({ open }) => open ?? [])), people }
}
