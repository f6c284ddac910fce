/** How this process stands: one row of figures for each second that somebody looks. */
import type { Figures } from '../../shared/operators.ts'
import type { Clock, CounterName } from '../ports.ts'
import { peopleIn, type RoomFigures } from '../room/figures.ts'
import type { TakenTimings } from './timings.ts'

export interface FiguresParts {
  readonly clock: Clock
  readonly timings: TakenTimings
  readonly total: (name: CounterName) => number
  readonly rooms: () => readonly RoomFigures[]
  /** How many are with other processes, and how many pages are open there and not here. */
  readonly elsewhere: (openHere: readonly string[]) => { readonly people: number; readonly open: number }
  /** Resident bytes, and microseconds of CPU since the start. */
  readonly usage: () => { readonly memory: number; readonly cpu: number }
  /** Whether the database answered last. */
  readonly isReachable: () => boolean
}

const SHOWN_ROOMS = 10

/** @returns what measures the next row; the first one only begins the rates */
export const createSampler = (parts: FiguresParts): (() => Figures) => {
  const { clock, timings, total, rooms, elsewhere, usage, isReachable } = parts
  let before = { at: clock.elapsed(), updates: total('updates_stored'), relays: total('relays_sent'), cpu: usage().cpu }
  return () => {
    const { memory, cpu } = usage()
    const now = { at: clock.elapsed(), updates: total('updates_stored'), relays: total('relays_sent'), cpu }
    const seconds = Math.max(0.001, (now.at - before.at) / 1000)
    const held = rooms()
    const open = held.filter(({ members }) => members > 0).map(({ roomId }) => roomId)
    const others = elsewhere(open)
    const sum = (of: (room: RoomFigures) => number) => held.reduce((all, room) => all + of(room), 0)
    const figures = {
      at: clock.now(),
      rooms: held.length,
      open: open.length + others.open,
      people: peopleIn(held) + others.people,
      updatesPerSecond: (now.updates - before.updates) / seconds,
      relaysPerSecond: (now.relays - before.relays) / seconds,
      relay: timings.take('relay'),
      commit: timings.take('commit'),
      tailBytes: sum(({ tailBytes }) => tailBytes),
      snapshotBytes: sum(({ snapshotBytes }) => snapshotBytes),
      unsavedBytes: sum(({ unsavedBytes }) => unsavedBytes),
      memory,
      cpu: (now.cpu - before.cpu) / 1e6 / seconds,
      slow: sum(({ slow }) => slow),
      slowRooms: held
        .filter(({ slow }) => slow > 0)
        .slice(0, SHOWN_ROOMS)
        .map(({ roomId }) => roomId),
      database: isReachable(),
    }
    before = now
    return figures
  }
}
