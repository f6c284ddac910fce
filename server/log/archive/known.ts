/**
 * How far the pages of a story have come, and which rows that devices remember are there no longer: the database was put
 * back in time, and may have come as far again with other rows.
 */
import { MICROS } from '../../database/port.ts'
import { GOES_ON } from '../statements.ts'
import type { ArchiveParts } from './parts.ts'

const PAGE_HEADS = `
  SELECT page, seq, ${MICROS('updated_at')} AS at, epoch FROM scriptorium.room
  WHERE story = $1 AND seq > 0 AND deleted_at IS NULL`

/** $1 room_id, $2 seq, $3 when that was written (0: not known). Of a deleted page it is told that it was deleted. */
const LOST = `
  SELECT known.room_id AS "roomId"
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS known (room_id, seq, at)
  LEFT JOIN scriptorium.room ON room.room_id = known.room_id
  WHERE room.room_id IS NULL
     OR (room.deleted_at IS NULL AND NOT ${GOES_ON('known.room_id', 'known.seq', 'known.at')})`

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
  const rows = await database.query<{ readonly roomId: string }>(LOST, columns)
  return new Set(rows.map(({ roomId }) => roomId))
}
