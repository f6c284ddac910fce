/** New pages made whole: copies and imports. Compact, without the history of what they were made from. */
import { createHash } from 'node:crypto'
import * as Y from 'yjs'
import { pageOf, roomIdOf } from '../../../shared/names.ts'
import { MICROS, type Query, TIME } from '../../database/port.ts'
import type { Updates } from '../../threads/page/build.ts'
import type { PageContent } from '../../threads/page/jobs.ts'
import { CREATE_ROOMS, INSERT_SNAPSHOT } from '../statements.ts'
import { ArchiveFault } from './fault.ts'
import { doOnce } from './once.ts'
import { type ArchiveParts, type Asked, told } from './parts.ts'
import { existing, readPast } from './past.ts'
import type { Source } from './restore.ts'
import { readVersion } from './versions.ts'

/** The fence: a page that was written to, or deleted, keeps its name. */
const BEGIN = `
  UPDATE scriptorium.room SET seq = 1, snapshot_seq = 1, bytes = $2, updated_at = statement_timestamp(), roots = $3::jsonb
  WHERE room_id = $1 AND seq = 0 AND deleted_at IS NULL
  RETURNING ${MICROS('updated_at')} AS at`

const INSERT = `
  INSERT INTO scriptorium.update (room_id, seq, part, batch, author, at, kind, data)
  VALUES ($1, 1, 0, $2::uuid, $3, ${TIME('$4::bigint')}, $5, $6)`

/** Blame outlives the row: a fold would not find these clients above the snapshot. */
const KEEP_WRITERS = `
  INSERT INTO scriptorium.writer (room_id, client_id, author, first_at)
  SELECT $1, client, $3, ${TIME('$4::bigint')} FROM unnest($2::bigint[]) AS client
  ON CONFLICT (room_id, client_id) DO NOTHING`

const ROOTS = `SELECT roots FROM scriptorium.room WHERE room_id = $1`

export interface NewPage {
  readonly roomId: string
  readonly content: PageContent
  readonly kind: 'copy' | 'import'
  readonly author: string | null
  /** Types of its roots, as JSON. */
  readonly roots: string | null
}

/** Writes a page that does not exist yet, within a transaction. @throws ArchiveFault taken */
export const createPage = async (
  { random }: Pick<ArchiveParts, 'random'>,
  tx: Query,
  { roomId, content, kind, author, roots }: NewPage,
): Promise<void> => {
  const { story, page } = pageOf(roomId)
  const { data, stateVector, deletesAt, atKeys } = content
  await tx.query(CREATE_ROOMS, [[roomId], [story], [page]])
  const [begun] = await tx.query<{ at: number }>(BEGIN, [roomId, data.length, roots])
  if (begun === undefined)
    throw new ArchiveFault('taken', `the page ${page} exists already, or did: choose another name`)
  await tx.query(INSERT, [roomId, random.uuid(), author, begun.at, kind, data])
  await tx.query(KEEP_WRITERS, [roomId, [...Y.decodeStateVector(stateVector).keys()], author, begun.at])
  const hash = createHash('sha256').update(data).digest()
  await tx.query(INSERT_SNAPSHOT, [roomId, 1, stateVector, deletesAt, data, hash, atKeys])
}

export interface CopyAnswer {
  readonly story: string
  readonly page: string
  readonly seq: number
}

/**
 * Copies a page, as it is or was, to a new page of its story.
 * @throws ArchiveFault: missing, deleted, gone, taken; DatabaseError
 */
export const copyPage = (
  parts: ArchiveParts,
  roomId: string,
  source: Source,
  page: string,
  { author, once }: Asked,
): Promise<CopyAnswer> =>
  doOnce<CopyAnswer>(parts.database, once, async (remember) => {
    const { story } = pageOf(roomId)
    const fresh = roomIdOf({ story, page })
    const { content, roots } = await copied(parts, roomId, source)
    const answer = { story, page, seq: 1 }
    await parts.database.transaction(async (tx) => {
      await createPage(parts, tx, { roomId: fresh, content, kind: 'copy', author, roots })
      await remember(tx, answer)
    })
    await parts.changed(fresh)
    return answer
  })

/** The content of a page as a new one would begin. @throws ArchiveFault: missing, deleted, gone */
export const copied = async (
  { database, threads }: ArchiveParts,
  roomId: string,
  source: Source,
): Promise<Pick<NewPage, 'content' | 'roots'>> => {
  const page = await pageFrom(database, roomId, source)
  const [stored] = await database.query<{ roots: object | null }>(ROOTS, [roomId])
  const content = await told(threads.run('copyPage', { page }))
  return { content, roots: stored?.roots == null ? null : JSON.stringify(stored.roots) }
}

const pageFrom = async (database: Query, roomId: string, source: Source): Promise<Updates> => {
  if ('version' in source) return [(await readVersion(database, roomId, source.version)).data]
  const { to } = await readPast(database, roomId, { from: source.at, to: source.at })
  return existing(to, source.at)
}
