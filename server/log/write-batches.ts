/** Batches of rooms as the statements that write them. */
import { pageOf } from '../../shared/names.ts'
import type { Query } from '../database/port.ts'
import type { Appending, Batch } from './port.ts'
import { APPEND_ONE, CREATE_ROOM } from './portable-statements.ts'
import { APPEND, CREATE_ROOMS } from './statements.ts'

/** The row that a batch has become. */
export interface Row {
  readonly seq: number
  readonly at: number
}

/** One room's batch in a statement. */
export interface Item {
  readonly room: Appending
  readonly batch: Batch
  /** As they were when the batch was cut; a retry must not trust what was learned since. */
  readonly known: number
  readonly knownAt: number
}

interface Written extends Row {
  /** The number of its room in the statement, from 1. */
  readonly n: number
}

/**
 * Writes the batches of several rooms by one statement, after the rooms that do not exist yet.
 * @returns what the batch of each room that was written has become
 * @throws DatabaseError
 */
export const writeBatches = async (database: Query, items: readonly Item[]): Promise<Map<string, Row>> => {
  const fresh = items.filter(({ room }) => !room.exists).map(({ room }) => room.roomId)
  if (fresh.length > 0) {
    const pages = fresh.map(pageOf)
    const columns = [fresh, pages.map(({ story }) => story), pages.map(({ page }) => page)]
    await database.query(CREATE_ROOMS, columns)
  }
  const { numbers, columns } = partsOf(items)
  const heads = [
    items.map(({ room }) => room.roomId),
    items.map(({ room }) => room.epoch),
    items.map(({ known }) => known),
    items.map(({ knownAt }) => knownAt),
    items.map(({ batch }) => bytesOf(batch)),
    items.map(({ batch }) => batch.id),
  ]
  return byRoom(items, await database.query<Written>(APPEND, [...heads, numbers, ...columns]))
}

/** Writes the batch of one room by statements that name it. @returns what it has become if it was written @throws DatabaseError */
export const writeBatch = async (database: Query, item: Item): Promise<Map<string, Row>> => {
  const { room, known, knownAt, batch } = item
  const { story, page } = pageOf(room.roomId)
  if (!room.exists) await database.query(CREATE_ROOM, [room.roomId, story, page])
  const head = [room.roomId, room.epoch, known, knownAt, bytesOf(batch), batch.id]
  return byRoom([item], await database.query<Written>(APPEND_ONE, [...head, ...partsOf([item]).columns]))
}

const byRoom = (items: readonly Item[], rows: readonly Written[]): Map<string, Row> =>
  new Map(rows.map((row) => [(items[row.n - 1] as Item).room.roomId, row]))

const bytesOf = (batch: Batch): number => batch.parts.reduce((sum, part) => sum + part.data.length, 0)

/** All parts as columns: their data travels as one value, cut apart by start and length. */
const partsOf = (items: readonly Item[]) => {
  const numbers: number[] = []
  const parts: number[] = []
  const authors: (string | null)[] = []
  const vias: (string | null)[] = []
  const starts: number[] = []
  const lengths: number[] = []
  const data = new Uint8Array(items.reduce((sum, { batch }) => sum + bytesOf(batch), 0))
  let at = 0
  for (const [index, { batch }] of items.entries()) {
    for (const [number, part] of batch.parts.entries()) {
      numbers.push(index + 1)
      parts.push(number)
      authors.push(part.author)
      vias.push(part.via)
      starts.push(at + 1)
      lengths.push(part.data.length)
      data.set(part.data, at)
      at += part.data.length
    }
  }
  return { numbers, columns: [parts, unlessNone(authors), unlessNone(vias), starts, lengths, data] as const }
}

/** Most have no author: a column without a value is not sent. */
const unlessNone = (column: (string | null)[]): (string | null)[] | null =>
  column.some((value) => value !== null) ? column : null
