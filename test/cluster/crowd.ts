/** Three processes on one database, and stock clients that write and show themselves on pages open in all of them. */

import { randomEdit } from '../support/edits.ts'
import { pageAsText } from '../support/equal.ts'
import type { Random } from '../support/random.ts'
import { AT_FULL_SPEED, type Environment, type Service, startService } from '../support/service.ts'
import { type StockClient, stockClient, stockVersions } from '../support/stock.ts'
import type { Store } from '../support/stores.ts'
import { turns, until } from '../support/until.ts'

export interface Person extends StockClient {
  readonly name: string
  readonly room: string
  /** Whether it is to come back after its socket was lost. */
  comesBack: boolean
}

const NODES = 3

/** Starts three processes, each with what `envOf` gives it beside the database. */
export const startNodes = (store: Store, envOf: (at: number) => Environment): Promise<Service[]> =>
  Promise.all(Array.from({ length: NODES }, (_, at) => startNode(store, envOf(at))))

/** Starts one more. */
export const startNode = (store: Store, env: Environment): Promise<Service> =>
  startService({ ...store.env, ...AT_FULL_SPEED, ...env })

/** Connects three people to each room at `collab`, of all versions of the client. */
export const gather = async (collab: string, rooms: readonly string[]): Promise<Person[]> => {
  // Each provider listens for the end of the process.
  process.setMaxListeners(0)
  const people = rooms.flatMap((room, index) =>
    stockVersions.map((_, place): Person => {
      const version = stockVersions[(index + place) % stockVersions.length] ?? '3.x'
      const client = stockClient(collab, room, { version })
      const name = `${room}:${place}`
      client.awareness.setLocalState({ name })
      return Object.defineProperties(client, {
        name: { value: name },
        room: { value: room },
        comesBack: { value: true, writable: true },
      }) as Person
    }),
  )
  await until('all to be synced', () => people.every(({ isSynced }) => isSynced), { withinMs: 60_000 })
  return people
}

/** From now on whoever loses its socket does not come back, and says nothing of it. */
export const loseWithSocket = (people: readonly Person[]): void => {
  for (const person of people) {
    person.socket?.addEventListener('close', () => {
      person.comesBack = false
      person.disconnect()
    })
  }
}

/** Resolves once each has had an answer from the service, or has lost its socket for good. */
export const answeredOrLost = async (people: readonly Person[]): Promise<void> => {
  const answered = new Set<Person>()
  for (const person of people) {
    person.socket?.once('pong', () => answered.add(person))
    person.socket?.ping()
  }
  const isKnown = (person: Person) => !person.comesBack || answered.has(person)
  await until('all to be answered or lost', () => people.every(isKnown), { withinMs: 60_000 })
}

/** Everybody writes something, `rounds` times. */
export const scribble = async (people: readonly Person[], random: Random, rounds: number): Promise<void> => {
  for (let round = 0; round < rounds; round++) {
    for (const [index, { doc }] of people.entries()) {
      randomEdit(doc, random)
      if (index % 20 === 0) await turns(1)
    }
    await turns(5)
  }
}

/** The names of those whom a client sees on its page. */
const seenBy = ({ awareness }: Pick<StockClient, 'awareness'>): string[] =>
  [...awareness.getStates().values()].map((state) => String(state.name)).sort()

const byRoom = (people: readonly Person[]): Person[][] => {
  const rooms = new Map<string, Person[]>()
  for (const person of people) rooms.set(person.room, [...(rooms.get(person.room) ?? []), person])
  return [...rooms.values()]
}

/** Waits until something is so on each page, among those that are left; a page on which it was so is not looked at again. */
const untilOnEach = async (
  what: string,
  people: readonly Person[],
  isSo: (members: readonly Person[]) => boolean,
  withinMs = 60_000,
): Promise<void> => {
  let left = byRoom(people)
  const check = () => {
    left = left.filter((members) => !isSo(members.filter(({ comesBack }) => comesBack)))
    return left.length === 0
  }
  await until(what, check, { withinMs })
}

/** Waits until all who are on a page hold the same. */
export const untilAllEqual = (what: string, people: readonly Person[]): Promise<void> =>
  untilOnEach(what, people, (members) => new Set(members.map(({ doc }) => pageAsText(doc))).size <= 1)

/** Waits until everybody sees just those of `people` that are on the same page. */
export const untilAllSeen = (what: string, people: readonly Person[], withinMs?: number): Promise<void> =>
  untilOnEach(
    what,
    people,
    (members) => {
      const names = String(members.map(({ name }) => name).sort())
      return members.every((member) => String(seenBy(member)) === names)
    },
    withinMs,
  )

/** Pages whose sequence has a gap. */
export const gapsIn = async (store: Store, rooms: readonly string[]): Promise<string[]> => {
  const rows = await store.query<{ room_id: string; seqs: number; last: number }>(
    `SELECT room_id, count(DISTINCT seq)::int AS seqs, max(seq)::int AS last
     FROM scriptorium.update WHERE room_id = ANY($1::text[]) GROUP BY room_id`,
    [rooms],
  )
  const found = new Map(rows.map(({ room_id, seqs, last }) => [room_id, seqs === last]))
  return rooms.filter((room) => found.get(room) !== true)
}
