/** Reading a page from the log. */
import type { Query } from '../database/port.ts'
import type { Head, KnownHead, LoadedRoom, LoggedBatch, Snapshot } from './port.ts'
import { CHANGED, HEADS, LOAD, READ } from './statements.ts'

interface LoadRow {
  seq: number
  part: number
  batch: string
  data: Uint8Array | null
  state_vector: Uint8Array | null
  deletes: number | null
  at_keys: Uint8Array | null
  epoch: number
  snapshot_seq: number
  deleted: boolean
}

const NOTHING: LoadedRoom = { exists: false, deleted: false, seq: 0, epoch: 0, snapshot: null, tail: [] }

/**
 * A page as it is at one moment.
 * @throws DatabaseError, or Error when the snapshot that the room names is missing
 */
export const loadRoom = async (database: Query, roomId: string): Promise<LoadedRoom> => {
  const [room, ...rows] = await database.query<LoadRow>(LOAD, [roomId])
  if (room === undefined) return NOTHING
  return {
    exists: room.seq > 0,
    deleted: room.deleted,
    seq: room.seq,
    epoch: room.epoch,
    snapshot: snapshotOf(roomId, room),
    tail: byBatch(rows as { seq: number; batch: string; data: Uint8Array }[]),
  }
}

/** Batches with seq >= from. @throws DatabaseError */
export const readBatches = async (database: Query, roomId: string, from: number): Promise<LoggedBatch[]> =>
  byBatch(await database.query<{ seq: number; batch: string; data: Uint8Array }>(READ, [roomId, from]))

/** seq, epoch and deletion of those of `roomIds` that exist. @throws DatabaseError */
export const readHeads = async (database: Query, roomIds: readonly string[]): Promise<Map<string, Head>> => {
  const rows = await database.query<Head & { room_id: string }>(HEADS, [roomIds])
  return new Map(rows.map(({ room_id, seq, epoch, deleted }) => [room_id, { seq, epoch, deleted }]))
}

/** Those of `known` that are otherwise now; null: it is gone. @throws DatabaseError */
export const readChanged = async (database: Query, known: readonly KnownHead[]): Promise<Map<string, Head | null>> => {
  const columns = [known.map(({ roomId }) => roomId), known.map(({ seq }) => seq), known.map(({ epoch }) => epoch)]
  const rows = await database.query<Nullable<Head> & { room_id: string }>(CHANGED, columns)
  return new Map(
    rows.map(({ room_id, seq, epoch, deleted }) => [
      room_id,
      seq === null || epoch === null ? null : { seq, epoch, deleted: deleted === true },
    ]),
  )
}

type Nullable<T> = { [Key in keyof T]: T[Key] | null }

const snapshotOf = (roomId: string, room: LoadRow): Snapshot | null => {
  if (room.snapshot_seq === 0) return null
  if (room.data === null || room.state_vector === null || room.deletes === null) {
    throw new Error(`${roomId} names snapshot ${room.snapshot_seq}, which is missing`)
  }
  const { snapshot_seq: seq, data, state_vector: stateVector, deletes: deletesAt, at_keys: atKeys } = room
  return { seq, data, stateVector, deletesAt, atKeys }
}

const byBatch = (rows: readonly { seq: number; batch: string; data: Uint8Array }[]): LoggedBatch[] => {
  const batches: { seq: number; id: string; parts: Uint8Array[] }[] = []
  for (const { seq, batch, data } of rows) {
    const last = batches.at(-1)
    if (last !== undefined && last.seq === seq) last.parts.push(data)
    else batches.push({ seq, id: batch, parts: [data] })
  }
  return batches
}
