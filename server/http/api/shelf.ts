/** Stories as a caller sees them listed: with their title and cover, and without what is hidden from them. */

import pLimit from 'p-limit'
import { STORY_PAGE } from '../../../shared/names.ts'
import type { Caller } from '../../access.ts'
import type { Outlines } from '../../log/archive/reading.ts'
import type { PageOfStory, StorySummary } from '../../log/archive/stories.ts'
import type { Sees } from '../authorize.ts'

export interface ShelfParts {
  readonly archive: {
    readonly outlineAt: Outlines
    readonly pagesOf: (stories: readonly string[]) => Promise<PageOfStory[]>
  }
  readonly sees: Sees
}

export interface ShownStory {
  readonly story: string
  readonly title: string
  readonly cover: string | null
  readonly pages: number
  /** How many of the pages that its own document lists the caller may read; null: it has none. */
  readonly listed: number | null
  readonly bytes: number
  readonly lastEdit: Date
}

/** Titles that are read, and rights that are asked for, at once. */
const AT_ONCE = 8

/** Those of the stories that a caller may read. @throws ArchiveFault busy; DatabaseError */
export const shownTo = async (
  caller: Caller,
  listed: readonly StorySummary[],
  parts: ShelfParts,
): Promise<ShownStory[]> => {
  const limit = pLimit(AT_ONCE)
  const seen = await limit.map(listed, ({ story }) => parts.sees(caller, story))
  const readable = listed.filter((_, at) => seen[at])
  const stories = caller.isAdmin ? readable : await withoutHidden(caller, readable, parts, limit)
  const countListed = async (story: string, pages: readonly { readonly id: string }[]): Promise<number> => {
    if (caller.isAdmin) return pages.length
    const visible = await Promise.all(pages.map(({ id }) => parts.sees(caller, story, id)))
    return visible.filter(Boolean).length
  }
  return limit.map(stories, async ({ outlineAt, ...story }) => {
    const outline = outlineAt === 0 ? null : await parts.archive.outlineAt(story.story, outlineAt)
    const listed = outline === null ? null : await countListed(story.story, outline.pages)
    return { ...story, title: outline?.title ?? '', cover: outline?.cover ?? null, listed }
  })
}

/** Counts only what the caller may read. */
const withoutHidden = async (
  caller: Caller,
  stories: readonly StorySummary[],
  { archive, sees }: ShelfParts,
  limit: ReturnType<typeof pLimit>,
): Promise<StorySummary[]> => {
  const pages = await archive.pagesOf(stories.map(({ story }) => story))
  const seen = await limit.map(pages, ({ story, page }) => sees(caller, story, page))
  const byStory = new Map<string, PageOfStory[]>()
  for (const [at, page] of pages.entries()) {
    if (!seen[at]) continue
    const known = byStory.get(page.story)
    if (known === undefined) byStory.set(page.story, [page])
    else known.push(page)
  }
  return stories.flatMap((story) => {
    const own = byStory.get(story.story)
    return own === undefined ? [] : [{ ...story, ...totalOf(own) }]
  })
}

const totalOf = (pages: readonly PageOfStory[]) => ({
  pages: pages.filter(({ page }) => page !== STORY_PAGE).length,
  bytes: pages.reduce((sum, { bytes }) => sum + bytes, 0),
  lastEdit: new Date(Math.max(...pages.map(({ lastEdit }) => lastEdit.getTime()))),
})
