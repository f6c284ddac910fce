/** Reading a page from the log. */
import type { Query } from '../database/port.ts'
import type { Head, KnownHead, LoadedRoom, LoggedBatch, Snapshot } from './port.ts'
import { CHANGED, HEADS, LOAD, READ, READ_MANY, WRITER } from './statements.ts'

interface LoadRow {
  seq: number
  at: number
  part: number
  batch: string
  data: Uint8Array | null
  state_vector: Uint8Array | null
  deletes: number | null
  at_keys: Uint8Array | null
  epoch: number
  snapshot_seq: number
  deleted: boolean
  dead: Uint8Array | null
}

/** One row of the log. */
export interface PageRow {
  readonly seq: number
  readonly at: number
  readonly part: number
  readonly batch: string
  readonly data: Uint8Array
}

/** A page as its rows, at one moment. */
export interface LoadedPage extends Head {
  readonly snapshot: Snapshot | null
  readonly dead: Uint8Array | null
  /** Rows above the snapshot. */
  readonly rows: readonly PageRow[]
}

const NOTHING: LoadedRoom = {
  exists: false,
  deleted: false,
  seq: 0,
  at: 0,
  epoch: 0,
  dead: null,
  snapshot: null,
  tail: [],
}

/**
 * A page as it is at one moment; null: there is none.
 * @throws DatabaseError, or Error when the snapshot that the room names is missing
 */
export const loadPage = async (database: Query, roomId: string): Promise<LoadedPage | null> => {
  const [room, ...rows] = await database.query<LoadRow>(LOAD, [roomId])
  if (room === undefined) return null
  const { seq, at, epoch, deleted, dead } = room
  return {
    seq,
    at: seq === 0 ? 0 : at,
    epoch,
    deleted,
    dead,
    snapshot: snapshotOf(roomId, room),
    rows: rows as PageRow[],
  }
}

/** A page for a room. @throws as loadPage */
export const loadRoom = async (database: Query, roomId: string): Promise<LoadedRoom> => {
  const page = await loadPage(database, roomId)
  if (page === null) return NOTHING
  const { rows, ...head } = page
  return { ...head, exists: page.seq > 0, tail: byBatch(rows.map((row) => ({ ...row, first_seq: row.seq }))) }
}

/** Batches with seq >= from. @throws DatabaseError */
export const readBatches = async (database: Query, roomId: string, from: number): Promise<LoggedBatch[]> =>
  byBatch(await database.query<ReadRow>(READ, [roomId, from]))

/** A page to be read from a seq on. */
export interface Asked {
  readonly roomId: string
  readonly from: number
}

/** Batches of many pages, in the order in which they were asked for. @throws DatabaseError */
export const readManyBatches = async (database: Query, asked: readonly Asked[]): Promise<LoggedBatch[][]> => {
  const columns = [asked.map(({ roomId }) => roomId), asked.map(({ from }) => from)]
  const rows = asked.map((): ReadRow[] => [])
  for (const row of await database.query<ReadRow & { n: number }>(READ_MANY, columns)) rows[row.n - 1]?.push(row)
  return rows.map(byBatch)
}

/** Heads of those of `roomIds` that exist. @throws DatabaseError */
export const readHeads = async (database: Query, roomIds: readonly string[]): Promise<Map<string, Head>> => {
  const rows = await database.query<Head & { room_id: string }>(HEADS, [roomIds])
  return new Map(rows.map(({ room_id, ...head }) => [room_id, head]))
}

/** Those of `known` that are otherwise now; null: it is gone. @throws DatabaseError */
export const readChanged = async (database: Query, known: readonly KnownHead[]): Promise<Map<string, Head | null>> => {
  const columns = [
    known.map(({ roomId }) => roomId),
    known.map(({ seq }) => seq),
    known.map(({ epoch }) => epoch),
    known.map(({ at }) => at),
  ]
  const rows = await database.query<Nullable<Head> & { room_id: string }>(CHANGED, columns)
  return new Map(
    rows.map(({ room_id, seq, at, epoch, deleted }) => [
      room_id,
      seq === null || at === null || epoch === null ? null : { seq, at, epoch, deleted: deleted === true },
    ]),
  )
}

/** The same by a statement that any PostgreSQL distributes, which tells of those that are as known too. @throws DatabaseError */
export const readChangedPortably = async (
  database: Query,
  known: readonly KnownHead[],
): Promise<Map<string, Head | null>> => {
  const heads = await readHeads(
    database,
    known.map(({ roomId }) => roomId),
  )
  const changed = new Map<string, Head | null>()
  for (const { roomId, seq, at, epoch } of known) {
    const head = heads.get(roomId)
    if (head === undefined) {
      // A page that was never written to has no row.
      if (seq > 0) changed.set(roomId, null)
    } else if (head.seq !== seq || head.epoch !== epoch || head.deleted || (at > 0 && head.at !== at))
      changed.set(roomId, head)
  }
  return changed
}

type Nullable<T> = { [Key in keyof T]: T[Key] | null }

/** Who is recorded as the owner of a clientID. @throws DatabaseError */
export const readWriter = async (database: Query, roomId: string, clientId: number): Promise<string | null> =>
  (await database.query<{ author: string | null }>(WRITER, [roomId, clientId]))[0]?.author ?? null

const snapshotOf = (roomId: string, room: LoadRow): Snapshot | null => {
  if (room.snapshot_seq === 0) return null
  if (room.data === null || room.state_vector === null || room.deletes === null) {
    throw new Error(`${roomId} names snapshot ${room.snapshot_seq}, which is missing`)
  }
  const { snapshot_seq: seq, data, state_vector: stateVector, deletes: deletesAt, at_keys: atKeys } = room
  return { seq, data, stateVector, deletesAt, atKeys }
}

interface ReadRow {
  readonly seq: number
  readonly at: number
  readonly first_seq: number
  readonly batch: string
  readonly data: Uint8Array
}

const byBatch = (rows: readonly ReadRow[]): LoggedBatch[] => {
  const batches: { seq: number; at: number; firstSeq: number; id: string; parts: Uint8Array[] }[] = []
  for (const { seq, at, first_seq: firstSeq, batch, data } of rows) {
    const last = batches.at(-1)
    if (last !== undefined && last.seq === seq) last.parts.push(data)
    else batches.push({ seq, at, firstSeq, id: batch, parts: [data] })
  }
  return batches
}
