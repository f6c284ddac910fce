/** Pages as operators look for them. */
import type { ArchiveParts } from './parts.ts'

const COLUMNS = `
  room_id AS "roomId", bytes, seq AS updates, seq - snapshot_seq AS "tailRows", updated_at AS "lastEdit",
  deleted_at AS "deletedAt", erased_at IS NOT NULL AS erased`

/** Pages whose name holds some letters, the last edited first. $1 letters, $2 how many. */
const FIND = `
  SELECT ${COLUMNS} FROM scriptorium.room
  WHERE position(lower($1) IN lower(room_id)) > 0 AND (seq > 0 OR deleted_at IS NOT NULL)
  ORDER BY updated_at DESC, room_id LIMIT $2`

const HEAD = `SELECT ${COLUMNS} FROM scriptorium.room WHERE room_id = $1`

export interface StoredPage {
  readonly roomId: string
  readonly bytes: number
  readonly updates: number
  /** Of these, how many no snapshot holds yet. */
  readonly tailRows: number
  readonly lastEdit: Date
  readonly deletedAt: Date | null
  readonly erased: boolean
}

/** Reads through the names of all pages. @throws DatabaseError */
export const findPages = ({ database }: ArchiveParts, letters: string, limit: number): Promise<StoredPage[]> =>
  database.query<StoredPage>(FIND, [letters, limit])

/** How a page is stored; null: it was never written to. @throws DatabaseError */
export const storedPage = async ({ database }: ArchiveParts, roomId: string): Promise<StoredPage | null> =>
  (await database.query<StoredPage>(HEAD, [roomId]))[0] ?? null
