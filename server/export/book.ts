/** A story as it is taken away: its title and its pages in their order, written already, and the pictures they show. */
import { roomIdOf, STORY_PAGE } from '../../shared/names.ts'
import type { Archive } from '../log/archive/archive.ts'
import type { AssetSummary } from '../log/archive/assets.ts'
import { ArchiveFault } from '../log/archive/fault.ts'
import type { StoryPageAsked } from '../threads/story/page.ts'

export interface BookPage {
  readonly id: string
  readonly title: string
  readonly content: string
}

export interface Book {
  readonly story: string
  readonly title: string
  readonly language: string
  /** When one of its pages was last written to. */
  readonly lastEdit: Date
  readonly cover: AssetSummary | null
  readonly pages: readonly BookPage[]
  /** The pictures shown, the cover among them, each once. */
  readonly pictures: readonly AssetSummary[]
}

export interface BookOrder {
  readonly story: string
  /** As BCP 47 has it; null: what the story says. */
  readonly language: string | null
  readonly mayRead: (page: string) => Promise<boolean>
  readonly as: StoryPageAsked['as']
  readonly deeper: number
  /** Where a picture will be found. */
  readonly placeOf: (picture: AssetSummary) => string
}

export type BookParts = Pick<Archive, 'readOutline' | 'readStoryPage' | 'listPages' | 'listAssets'>

/** ISO 639-2: the language is not known. */
const UNDETERMINED = 'und'
/** Letters of all pages together: as much is in memory until the last is sent. */
const MOST_LETTERS = 8_000_000

/**
 * Reads a story as far as the caller may.
 * @throws ArchiveFault: missing, full (more than can be written at once), busy; DatabaseError
 */
export const readBook = async (archive: BookParts, order: BookOrder): Promise<Book> => {
  const { story } = order
  const listed = await archive.listPages(story, { withDeleted: false })
  const outline = await archive.readOutline(story)
  const assets = new Map((await archive.listAssets(story)).map((asset) => [asset.sha256, asset]))
  const places = new Map([...assets].map(([sha256, asset]) => [sha256, order.placeOf(asset)]))
  const edits = new Map(listed.map(({ page, lastEdit }) => [page, lastEdit]))
  const titles = new Map(outline?.pages.map(({ id, title }) => [id, title]))
  const pages: BookPage[] = []
  const shown = new Set<string>()
  let lastEdit = edits.get(STORY_PAGE) ?? new Date(0)
  let letters = 0
  for (const id of orderOf([...edits.keys()], [...titles.keys()])) {
    if (!(await order.mayRead(id))) continue
    const asked = { as: order.as, deeper: order.deeper, pictures: places }
    const page = await archive.readStoryPage(roomIdOf({ story, page: id }), asked)
    letters += page.content.length
    if (letters > MOST_LETTERS) throw new ArchiveFault('full', `a story is taken away up to ${MOST_LETTERS} letters`)
    for (const sha256 of page.shown) shown.add(sha256)
    pages.push({ id, title: page.title || titles.get(id) || id, content: page.content })
    const edit = edits.get(id)
    if (edit !== undefined && edit > lastEdit) lastEdit = edit
  }
  const cover = assets.get(outline?.cover ?? '') ?? null
  if (cover !== null) shown.add(cover.sha256)
  return {
    story,
    title: outline?.title || story,
    language: order.language ?? outline?.language ?? UNDETERMINED,
    lastEdit,
    cover,
    pages,
    pictures: [...shown].flatMap((sha256) => assets.get(sha256) ?? []),
  }
}

/** The story's own order, of pages that were written to; where it names none, all of them by id. */
const orderOf = (written: readonly string[], outlined: readonly string[]): readonly string[] => {
  const ids = written.filter((id) => !id.startsWith('_'))
  return outlined.length === 0 ? ids : outlined.filter((id) => ids.includes(id))
}
