/** Whole stories: all pages as one moment, put back together, copied together. */
import { pageOf, roomIdOf } from '../../../shared/names.ts'
import { copyAssets } from './assets.ts'
import { copied, createPage, type NewPage } from './create.ts'
import { undeletePage } from './delete.ts'
import { ArchiveFault } from './fault.ts'
import { doOnce } from './once.ts'
import { type ArchiveParts, type Asked, told } from './parts.ts'
import { readPast } from './past.ts'
import { type Planned, planRestore, type Source, writeRestore } from './restore.ts'
import {
  HEADS,
  KEEP_STORY_VERSION,
  PAGES,
  PAGES_OF,
  STORIES,
  STORY_VERSION,
  STORY_VERSIONS,
} from './story-statements.ts'
import { isUuid, keepVersion } from './versions.ts'

export interface StorySummary {
  readonly story: string
  readonly pages: number
  readonly bytes: number
  readonly lastEdit: Date
  /** When the story's own document was last written, in microseconds; 0: it has none. */
  readonly outlineAt: number
}

/** Stories by name, after the given one. @throws DatabaseError */
export const listStories = ({ database }: ArchiveParts, after: string, limit: number): Promise<StorySummary[]> =>
  database.query<StorySummary>(STORIES, [after, limit])

export interface PageOfStory {
  readonly story: string
  readonly page: string
  readonly bytes: number
  readonly lastEdit: Date
}

/** The pages of several stories. @throws DatabaseError */
export const pagesOf = ({ database }: ArchiveParts, stories: readonly string[]): Promise<PageOfStory[]> =>
  database.query<PageOfStory>(PAGES_OF, [stories])

export interface PageSummary {
  readonly roomId: string
  readonly page: string
  readonly bytes: number
  readonly updates: number
  readonly lastEdit: Date
  readonly deletedAt: Date | null
}

/** The pages of a story. @throws ArchiveFault missing where it has none, DatabaseError */
export const listPages = async (
  { database }: ArchiveParts,
  story: string,
  { withDeleted }: { readonly withDeleted: boolean },
): Promise<PageSummary[]> => {
  const pages = await database.query<PageSummary>(PAGES, [story, withDeleted])
  if (pages.length === 0) throw new ArchiveFault('missing', 'there is no such story')
  return pages
}

export interface StoryVersion {
  readonly id: string
  readonly kind: 'named' | 'before'
  readonly label: string | null
  readonly author: string | null
  readonly at: Date
}

/** Newest first. @throws ArchiveFault missing, DatabaseError */
export const listStoryVersions = async (parts: ArchiveParts, story: string): Promise<StoryVersion[]> => {
  await listPages(parts, story, { withDeleted: true })
  return parts.database.query<StoryVersion>(STORY_VERSIONS, [story])
}

/** Keeps all pages as they are at one moment, under a name. @throws ArchiveFault, DatabaseError */
export const nameStoryVersion = (
  parts: ArchiveParts,
  story: string,
  label: string | null,
  { author, once }: Asked,
): Promise<StoryVersion & { readonly pages: number }> =>
  doOnce(parts.database, once, async (remember) => {
    const { database, threads, random } = parts
    const id = random.uuid()
    const heads = await headsOf(parts, story, null)
    const states: { roomId: string; seq: number; data: Uint8Array }[] = []
    for (const { roomId, seq } of heads) {
      const past = await readPast(database, roomId, { from: { seq }, to: { seq } })
      states.push({ roomId, seq, data: await told(threads.run('encodePage', { page: past.to.page })) })
    }
    return database.transaction(async (tx) => {
      for (const { roomId, seq, data } of states) {
        const version = { id: random.uuid(), seq, kind: 'story', label, author, data, storyVersion: id } as const
        await keepVersion(tx, roomId, version)
      }
      const [kept] = await tx.query<{ at: Date }>(KEEP_STORY_VERSION, [story, id, 'named', label, author])
      const answer = { id, kind: 'named', label, author, at: kept?.at ?? new Date(0), pages: states.length } as const
      await remember(tx, answer)
      return answer
    })
  })

export type StorySource = { readonly version: string } | { readonly at: { readonly time: Date } }

export interface StoryRestoreAnswer {
  /** The story's version that keeps the state before. */
  readonly version: string
  readonly pages: readonly { readonly page: string; readonly seq: number; readonly version: string | null }[]
  /** Pages that came later: they are left as they are. */
  readonly newer: readonly string[]
}

/**
 * Puts every page back in one transaction; pages deleted since come back.
 * @throws ArchiveFault: missing, gone, unproven, raced (one of them was restored meanwhile: none is changed)
 */
export const restoreStory = (
  parts: ArchiveParts,
  story: string,
  source: StorySource,
  { author, once }: Asked,
): Promise<StoryRestoreAnswer> =>
  doOnce<StoryRestoreAnswer>(parts.database, once, async (remember) => {
    const wanted = await sourcesOf(parts, story, source)
    const planned: Planned[] = []
    for (const { roomId, from } of wanted) planned.push(await planRestore(parts, roomId, from, { evenDeleted: true }))
    const before = parts.random.uuid()
    const answer = await parts.database.transaction(async (tx) => {
      const pages: StoryRestoreAnswer['pages'][number][] = []
      for (const plan of planned) {
        await undeletePage({ database: tx }, plan.roomId)
        const written = await writeRestore(parts, tx, plan, { kind: 'restore', author }, before)
        pages.push({ page: pageOf(plan.roomId).page, ...written })
      }
      await tx.query(KEEP_STORY_VERSION, [story, before, 'before', null, author])
      const there = await tx.query<{ page: string }>(PAGES, [story, false])
      const back = new Set(pages.map(({ page }) => page))
      const newer = there.map(({ page }) => page).filter((page) => !back.has(page))
      const result = { version: before, pages, newer }
      await remember(tx, result)
      return result
    })
    for (const { roomId, restored } of planned) if (restored.update !== null) await parts.changed(roomId)
    return answer
  })

/**
 * Copies all pages as they are at one moment to a new story.
 * @throws ArchiveFault: missing, taken (a page of that name exists in it: nothing is copied)
 */
export const copyStory = (
  parts: ArchiveParts,
  story: string,
  to: string,
  { author, once }: Asked,
): Promise<{ readonly story: string; readonly pages: readonly string[] }> =>
  doOnce(parts.database, once, async (remember) => {
    const fresh: NewPage[] = []
    for (const { roomId, page, seq } of await headsOf(parts, story, null)) {
      const content = await copied(parts, roomId, { at: { seq } })
      fresh.push({ roomId: roomIdOf({ story: to, page }), kind: 'copy', author, ...content })
    }
    const answer = { story: to, pages: fresh.map(({ roomId }) => pageOf(roomId).page) }
    await parts.database.transaction(async (tx) => {
      for (const page of fresh) await createPage(parts, tx, page)
      await copyAssets(tx, story, to, author)
      await remember(tx, answer)
    })
    for (const { roomId } of fresh) await parts.changed(roomId)
    return answer
  })

interface Head {
  readonly roomId: string
  readonly page: string
  readonly seq: number
}

const headsOf = async ({ database }: ArchiveParts, story: string, at: Date | null): Promise<Head[]> => {
  const heads = await database.query<Head>(HEADS, [story, at?.toISOString() ?? null])
  if (heads.length === 0) throw new ArchiveFault('missing', 'there is no such story, or it had no page then')
  return heads
}

const sourcesOf = async (
  parts: ArchiveParts,
  story: string,
  source: StorySource,
): Promise<{ readonly roomId: string; readonly from: Source }[]> => {
  if ('at' in source) {
    const heads = await headsOf(parts, story, source.at.time)
    return heads.map(({ roomId, seq }) => ({ roomId, from: { at: { seq } } }))
  }
  const rows = isUuid(source.version)
    ? await parts.database.query<{ roomId: string; version: string }>(STORY_VERSION, [story, source.version])
    : []
  if (rows.length === 0) throw new ArchiveFault('missing', `${story} has no such version`)
  return rows.map(({ roomId, version }) => ({ roomId, from: { version } }))
}
