/** Looking at a page: its content at a moment, who edited it when, who wrote what, and what changed between two moments. */

import type { Change, Span, Spans, Writer } from '../../threads/page/blame.ts'
import type { Rendered } from '../../threads/page/render.ts'
import type { Roots } from '../../threads/page/roots.ts'
import { type ArchiveParts, told } from './parts.ts'
import { existing, type Moment, readPast } from './past.ts'
import { ACTIVITY, STORE_ROOTS, WRITERS } from './past-statements.ts'
import type { Source } from './restore.ts'
import { storable } from './root-types.ts'
import { readVersion } from './versions.ts'

/** An author's rows are one entry of the activity while no more than this lies between them. */
const SESSION_SECONDS = 300

export interface PageBytes {
  readonly seq: number
  /** One Yjs V1 update, garbage-collected. */
  readonly data: Uint8Array
}

/** @throws ArchiveFault: missing, deleted, gone; DatabaseError */
export const readPage = async (parts: ArchiveParts, roomId: string, source: Source): Promise<PageBytes> => {
  const { seq, page } = await pageOf(parts, roomId, source)
  const [only] = page
  if (only !== undefined && page.length === 1 && seq.isSnapshot) return { seq: seq.value, data: only }
  return { seq: seq.value, data: await told(parts.threads.run('encodePage', { page })) }
}

/**
 * A page as JSON and text.
 * @param asked types of roots that win over stored and inferred ones
 * @throws as `readPage` does
 */
export const renderPage = async (
  parts: ArchiveParts,
  roomId: string,
  source: Source,
  asked: Roots,
): Promise<Rendered & { readonly seq: number }> => {
  const { seq, page, roots } = await pageOf(parts, roomId, source)
  const rendered = await told(parts.threads.run('renderPage', { page, roots, asked }))
  const found = storable(rendered.roots)
  const isNews = Object.keys(found).some((name) => roots[name] === undefined)
  if (isNews) await parts.database.query(STORE_ROOTS, [roomId, JSON.stringify(found)])
  return { ...rendered, seq: seq.value }
}

const pageOf = async ({ database }: ArchiveParts, roomId: string, source: Source) => {
  if ('version' in source) {
    const version = await readVersion(database, roomId, source.version)
    const { roots } = await readPast(database, roomId, { from: { seq: 0 }, to: { seq: 0 } })
    return { seq: { value: version.seq, isSnapshot: true }, page: [version.data], roots }
  }
  const past = await readPast(database, roomId, { from: source.at, to: source.at })
  const page = existing(past.to, source.at)
  return { seq: { value: past.to.seq, isSnapshot: past.to.isSnapshot }, page, roots: past.roots }
}

export interface Activity {
  readonly author: string | null
  readonly kind: string
  readonly from: Date
  readonly to: Date
  readonly fromSeq: number
  readonly toSeq: number
  readonly bytes: number
  readonly edits: number
}

/** Who edited when, newest first. @throws ArchiveFault: missing, deleted; DatabaseError */
export const activity = async (
  { database }: ArchiveParts,
  roomId: string,
  { from, to, limit }: { readonly from: Date | null; readonly to: Date | null; readonly limit: number },
): Promise<Activity[]> => {
  await readPast(database, roomId, { from: { seq: 0 }, to: { seq: 0 } })
  const times = [from?.toISOString() ?? null, to?.toISOString() ?? null]
  return database.query<Activity>(ACTIVITY, [roomId, ...times, limit, SESSION_SECONDS])
}

/** Who wrote the text that stands now. @throws ArchiveFault: missing, deleted; DatabaseError */
export const authors = async (
  { database, threads }: ArchiveParts,
  roomId: string,
): Promise<{ readonly seq: number; readonly texts: Spans<Span>[] }> => {
  const past = await readPast(database, roomId, { from: { seq: 0 }, to: 'now', withBetween: true })
  const writers = await database.query<Writer>(WRITERS, [roomId])
  const asked = { page: past.to.page, parts: past.between, writers }
  return { seq: past.seq, texts: await told(threads.run('pageAuthors', asked)) }
}

/** What was inserted and deleted between two moments. @throws ArchiveFault: missing, deleted, gone, invalid; DatabaseError */
export const difference = async (
  { database, threads }: ArchiveParts,
  roomId: string,
  { from, to }: { readonly from: Moment; readonly to: Moment },
): Promise<{ readonly from: number; readonly to: number; readonly texts: Spans<Change>[] }> => {
  const past = await readPast(database, roomId, { from, to, withBetween: true })
  const asked = { base: past.from.page, parts: past.between }
  return { from: past.from.seq, to: past.to.seq, texts: await told(threads.run('pageChanges', asked)) }
}
