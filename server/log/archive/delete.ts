/** Deleting a page: softly, and it can come back whole; or for good, and its name is never used again. */
import { pageOf } from '../../../shared/names.ts'
import type { Query } from '../../database/port.ts'
import { eraseOrphans } from './assets.ts'
import { ArchiveFault } from './fault.ts'
import type { ArchiveParts } from './parts.ts'

const DELETE = `
  UPDATE scriptorium.room SET deleted_at = statement_timestamp()
  WHERE room_id = $1 AND deleted_at IS NULL AND seq > 0
  RETURNING room_id`

const UNDELETE = `
  UPDATE scriptorium.room SET deleted_at = NULL
  WHERE room_id = $1 AND deleted_at IS NOT NULL AND erased_at IS NULL
  RETURNING room_id`

/**
 * The tombstone comes first: it locks the row that every append locks, so what is appended at the same moment is either
 * erased with the rest or refused.
 */
const ERASE_ROOM = `
  UPDATE scriptorium.room
  SET deleted_at = least(deleted_at, statement_timestamp()), erased_at = statement_timestamp(), epoch = epoch + 1,
      snapshot_seq = 0, restore_seq = 0, history_seq = 0, tend_at = NULL, dead = NULL, roots = NULL, bytes = 0
  WHERE room_id = $1 AND erased_at IS NULL AND (seq > 0 OR deleted_at IS NOT NULL)
  RETURNING room_id`

const KEPT_IN = ['update', 'snapshot', 'version', 'writer', 'quarantine']

const STATE = `SELECT deleted_at IS NOT NULL AS deleted, erased_at IS NOT NULL AS erased, seq FROM scriptorium.room WHERE room_id = $1`

/** Closes a page to everybody; nothing is erased. Idempotent. @throws ArchiveFault missing; DatabaseError */
export const deletePage = async ({ database, ended }: ArchiveParts, roomId: string): Promise<void> => {
  const rows = await database.query(DELETE, [roomId])
  if (rows.length === 0) await expectDeleted(database, roomId)
  await ended(roomId)
}

/** Brings a page back that was deleted softly. Idempotent. @throws ArchiveFault: missing, deleted (for good) */
export const undeletePage = async ({ database }: { readonly database: Query }, roomId: string): Promise<void> => {
  const rows = await database.query(UNDELETE, [roomId])
  if (rows.length > 0) return
  const [state] = await database.query<{ erased: boolean; seq: number }>(STATE, [roomId])
  if (state === undefined || state.seq === 0) throw new ArchiveFault('missing', 'there is no such page')
  if (state.erased) throw new ArchiveFault('deleted', 'this page was erased: it cannot come back')
}

/** Erases a page, its history and its versions, and with the last page of a story its pictures. Its name stays taken. Idempotent. @throws ArchiveFault missing; DatabaseError */
export const erasePage = async ({ database, ended }: ArchiveParts, roomId: string): Promise<void> => {
  const erased = await database.transaction(async (tx) => {
    const rows = await tx.query(ERASE_ROOM, [roomId])
    if (rows.length === 0) return false
    for (const table of KEPT_IN) await emptied(tx, table, roomId)
    await eraseOrphans(tx, pageOf(roomId).story)
    return true
  })
  if (!erased) await expectDeleted(database, roomId)
  await ended(roomId)
}

/** Rows that somebody joins at this moment are held by them, and those that take their place are seen only afterwards. */
const emptied = async (tx: Query, table: string, roomId: string): Promise<void> => {
  do await tx.query(`DELETE FROM scriptorium.${table} WHERE room_id = $1`, [roomId])
  while ((await tx.query(`SELECT room_id FROM scriptorium.${table} WHERE room_id = $1 LIMIT 1`, [roomId])).length > 0)
}

const expectDeleted = async (database: Query, roomId: string): Promise<void> => {
  const [state] = await database.query<{ deleted: boolean }>(STATE, [roomId])
  if (state?.deleted !== true) throw new ArchiveFault('missing', 'there is no such page')
}
