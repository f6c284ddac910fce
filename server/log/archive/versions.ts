/** Versions of a page: states kept by themselves, which outlive its history. */
import { pageOf } from '../../../shared/names.ts'
import type { Query } from '../../database/port.ts'
import { ArchiveFault } from './fault.ts'
import { doOnce } from './once.ts'
import { type ArchiveParts, type Asked, told } from './parts.ts'
import { readPast } from './past.ts'

export type VersionKind = 'named' | 'automatic' | 'before' | 'story' | 'import'

export interface Version {
  readonly id: string
  readonly seq: number
  readonly kind: VersionKind
  readonly label: string | null
  readonly author: string | null
  readonly at: Date
  readonly bytes: number
}

const COLUMNS = 'id, seq, kind, label, author, at, length(data) AS bytes'

const LIST = `SELECT ${COLUMNS} FROM scriptorium.version WHERE room_id = $1 ORDER BY at DESC, id`

const READ = `SELECT ${COLUMNS}, data FROM scriptorium.version WHERE room_id = $1 AND id = $2::uuid`

/** The lock: whoever erases the page waits, and erases this too. */
const KEEP = `
  INSERT INTO scriptorium.version (room_id, id, seq, kind, label, author, data, story_version)
  SELECT $1, $2::uuid, $3, $4, $5, $6, $7, $8::uuid
  FROM scriptorium.room WHERE room_id = $1 AND erased_at IS NULL FOR SHARE
  RETURNING ${COLUMNS}`

/**
 * Pages that are due for an automatic version: something was written since the last version of any kind, and the last
 * automatic one is older than $2 seconds.
 */
const DUE = `
  SELECT room.room_id FROM scriptorium.room
  WHERE room.room_id = ANY($1::text[]) AND room.deleted_at IS NULL
    AND room.seq > coalesce((SELECT max(v.seq) FROM scriptorium.version v WHERE v.room_id = room.room_id), 0)
    AND NOT EXISTS (
      SELECT FROM scriptorium.version v
      WHERE v.room_id = room.room_id AND v.kind = 'automatic' AND v.at > clock_timestamp() - make_interval(secs => $2))`

/** As KEEP, unless another process was first. $6 seconds between two. */
const KEEP_AUTOMATIC = `
  INSERT INTO scriptorium.version (room_id, id, seq, kind, data)
  SELECT $1, $2::uuid, $3, 'automatic', $4
  FROM scriptorium.room
  WHERE room_id = $1 AND deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM scriptorium.version v
    WHERE v.room_id = $1 AND v.kind = 'automatic' AND v.at > clock_timestamp() - make_interval(secs => $5))
  FOR SHARE OF room`

/** Automatic versions: all of a day, the last of each hour for a week, of each day for 90 days, of each week beyond. */
const THIN = `
  DELETE FROM scriptorium.version v
  USING (
    SELECT id, row_number() OVER (PARTITION BY grain, at_grain ORDER BY at DESC) AS place
    FROM (
      SELECT id, at, grain, CASE WHEN grain = 'all' THEN at::text ELSE date_trunc(grain, at)::text END AS at_grain
      FROM (
        SELECT id, at, CASE WHEN at > statement_timestamp() - interval '1 day' THEN 'all'
                            WHEN at > statement_timestamp() - interval '7 days' THEN 'hour'
                            WHEN at > statement_timestamp() - interval '90 days' THEN 'day'
                            ELSE 'week' END AS grain
        FROM scriptorium.version WHERE room_id = $1 AND kind = 'automatic'
      ) AS aged
    ) AS grained
  ) AS ranked
  WHERE v.room_id = $1 AND v.id = ranked.id AND ranked.place > 1`

/** Newest first. @throws ArchiveFault: missing, deleted */
export const listVersions = async ({ database }: ArchiveParts, roomId: string): Promise<Version[]> => {
  await readHead(database, roomId)
  return database.query<Version>(LIST, [roomId])
}

/** @throws ArchiveFault missing, deleted */
export const readVersion = async (
  database: Query,
  roomId: string,
  id: string,
  { evenDeleted = false } = {},
): Promise<Version & { readonly data: Uint8Array }> => {
  if (!evenDeleted) await readHead(database, roomId)
  const rows = isUuid(id) ? await database.query<Version & { data: Uint8Array }>(READ, [roomId, id]) : []
  const [version] = rows
  if (version === undefined) throw new ArchiveFault('missing', `${pageOf(roomId).page} has no such version`)
  return version
}

/** Keeps the present state under a name. It never expires. @throws ArchiveFault */
export const nameVersion = (
  parts: ArchiveParts,
  roomId: string,
  label: string | null,
  { author, once }: Asked,
): Promise<Version> =>
  doOnce<Version>(parts.database, once, async (remember) => {
    const past = await readPast(parts.database, roomId, { from: 'now', to: 'now' })
    const data = await told(parts.threads.run('encodePage', { page: past.to.page }))
    return parts.database.transaction(async (tx) => {
      const fresh = { id: parts.random.uuid(), seq: past.seq, kind: 'named', label, author, data } as const
      const version = await keepVersion(tx, roomId, fresh)
      await remember(tx, version)
      return version
    })
  })

/** Writes a version. @throws ArchiveFault when the page was erased meanwhile */
export const keepVersion = async (
  tx: Query,
  roomId: string,
  version: Pick<Version, 'id' | 'seq' | 'kind' | 'label' | 'author'> & {
    readonly data: Uint8Array
    readonly storyVersion?: string
  },
): Promise<Version> => {
  const { id, seq, kind, label, author, data, storyVersion = null } = version
  const [kept] = await tx.query<Version>(KEEP, [roomId, id, seq, kind, label, author, data, storyVersion])
  if (kept === undefined) throw new ArchiveFault('deleted', 'this page was deleted')
  return kept
}

/**
 * Keeps automatic versions of those pages that are due, and thins the older ones.
 * @returns how many were kept @throws ArchiveFault, DatabaseError
 */
export const keepAutomatic = async (
  { database, threads, random }: ArchiveParts,
  roomIds: readonly string[],
  seconds: number,
): Promise<number> => {
  const due = await database.query<{ room_id: string }>(DUE, [roomIds, seconds])
  for (const { room_id: roomId } of due) {
    const past = await readPast(database, roomId, { from: 'now', to: 'now' })
    const data = await told(threads.run('encodePage', { page: past.to.page }))
    await database.query(KEEP_AUTOMATIC, [roomId, random.uuid(), past.seq, data, seconds])
    await database.query(THIN, [roomId])
  }
  return due.length
}

const HEAD = `SELECT deleted_at IS NOT NULL AS deleted FROM scriptorium.room WHERE room_id = $1 AND (seq > 0 OR deleted_at IS NOT NULL)`

const readHead = async (database: Query, roomId: string): Promise<void> => {
  const [head] = await database.query<{ deleted: boolean }>(HEAD, [roomId])
  if (head === undefined) throw new ArchiveFault('missing', 'there is no such page')
  if (head.deleted) throw new ArchiveFault('deleted', 'this page was deleted')
}

export const isUuid = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
