/**
 * How far the pages of a story have come, and which rows that devices remember are there no longer: the database was put
 * back in time, and may have come as far again with other rows.
 */
import { MICROS, TIME } from '../../database/port.ts'
import type { ArchiveParts } from './parts.ts'

const PAGE_HEADS = `
  SELECT page, seq, ${MICROS('updated_at')} AS at, epoch FROM scriptorium.room
  WHERE story = $1 AND seq > 0 AND deleted_at IS NULL`

/**
 * The pages that go on from a row, as GOES_ON says, or were deleted: of those it is told that they were. By joins, since
 * a distributed PostgreSQL takes no subquery here. $1 room_id, $2 seq, $3 when that was written (0: not known).
 */
const HELD = `
  SELECT room.room_id AS "roomId"
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS known (room_id, seq, at)
  JOIN scriptorium.room ON room.room_id = known.room_id
  LEFT JOIN scriptorium.update u ON u.room_id = room.room_id AND u.seq = known.seq AND u.at = ${TIME('known.at')}
  WHERE room.deleted_at IS NOT NULL OR (room.seq >= known.seq AND CASE
    WHEN known.at = 0 THEN true
    WHEN room.seq = known.seq THEN room.updated_at = ${TIME('known.at')}
    ELSE u.room_id IS NOT NULL
  END)`

export interface PageHead {
  readonly seq: number
  /** When the row of that seq was written, in microseconds; 0: there is none. */
  readonly at: number
  readonly epoch: number
}

/** How far each page of a story has come; pages that were deleted are not told of. @throws DatabaseError */
export const pageHeads = async ({ database }: ArchiveParts, story: string): Promise<Map<string, PageHead>> => {
  const rows = await database.query<PageHead & { readonly page: string }>(PAGE_HEADS, [story])
  return new Map(rows.map(({ page, ...head }) => [page, head]))
}

export interface KnownRow {
  readonly roomId: string
  readonly seq: number
  /** When it was written; 0: that is not known. */
  readonly at: number
}

/**
 * Pages that do not hold the row which a device remembers of them.
 * @returns their ids
 * @throws DatabaseError
 */
export const lostRows = async (
  { database }: ArchiveParts,
  known: readonly KnownRow[],
): Promise<ReadonlySet<string>> => {
  if (known.length === 0) return new Set()
  const columns = [known.map(({ roomId }) => roomId), known.map(({ seq }) => seq), known.map(({ at }) => at)]
  const rows = await database.query<{ readonly roomId: string }>(HELD, columns)
  const held = new Set(rows.map(({ roomId }) => roomId))
  return new Set(known.map(({ roomId }) => roomId).filter((roomId) => !held.has(roomId)))
}
