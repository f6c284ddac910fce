/** Stories as people read them: what a story says of itself, and pages outside of the editor. */
import { roomIdOf, STORY_PAGE } from '../../../shared/names.ts'
import { JobError } from '../../threads/pool.ts'
import type { Outline } from '../../threads/story/outline.ts'
import type { PackedFile } from '../../threads/story/pack.ts'
import type { StoryPage, StoryPageAsked } from '../../threads/story/page.ts'
import { ArchiveFault } from './fault.ts'
import { type ArchiveParts, notBusy, told } from './parts.ts'
import { existing, readPast } from './past.ts'

/** Outlines that are kept, each of a few hundred bytes. */
const KEPT = 5000

/** What a story says of itself; null: nothing, it has no document of its own. @throws ArchiveFault busy; DatabaseError */
export const readOutline = async ({ database, threads }: ArchiveParts, story: string): Promise<Outline | null> => {
  try {
    const past = await readPast(database, roomIdOf({ story, page: STORY_PAGE }), { from: 'now', to: 'now' })
    return await told(threads.run('storyOutline', { page: existing(past.to, 'now') }))
  } catch (error) {
    if (isUnreadable(error)) return null
    throw error
  }
}

/** It is not there, or its bytes make no document: either way it says nothing. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof JobError || (error instanceof ArchiveFault && ['missing', 'deleted', 'gone'].includes(error.kind))

/** A page with its title. @throws ArchiveFault: missing, deleted, busy; DatabaseError */
export const readStoryPage = async (
  { database, threads }: ArchiveParts,
  roomId: string,
  asked: Omit<StoryPageAsked, 'page' | 'roots'>,
): Promise<StoryPage> => {
  const { to, roots } = await readPast(database, roomId, { from: 'now', to: 'now' })
  return told(threads.run('storyPage', { ...asked, page: existing(to, 'now'), roots }))
}

/** Files as a zip archive. @throws ArchiveFault busy */
export const packFiles = async (
  { threads }: ArchiveParts,
  files: readonly PackedFile[],
  at: Date,
): Promise<Uint8Array> => notBusy(threads.run('packFiles', { files, at }))

export type Outlines = (story: string, writtenAt: number) => Promise<Outline | null>

/** Reads outlines, and keeps each for as long as its document is as it was written then; those asked for longest ago are let go. */
export const keptOutlines = (parts: ArchiveParts): Outlines => {
  const kept = new Map<string, { readonly writtenAt: number; readonly outline: Outline | null }>()
  return async (story, writtenAt) => {
    const known = kept.get(story)
    const outline = known?.writtenAt === writtenAt ? known.outline : await readOutline(parts, story)
    kept.delete(story)
    kept.set(story, { writtenAt, outline })
    const [oldest] = kept.keys()
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    return outline
  }
}
