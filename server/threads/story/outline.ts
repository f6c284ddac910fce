/** What a story's own document says: its title, its cover, and its pages in their order. */
import * as Y from 'yjs'
import { nameFault } from '../../../shared/names.ts'
import { docOf, type Updates } from '../page/build.ts'

export interface Outline {
  /** Empty where nobody gave one. */
  readonly title: string
  /** SHA-256 of the picture that stands for the story; null: none was chosen. */
  readonly cover: string | null
  /** As BCP 47 has it; null: nobody said. */
  readonly language: string | null
  readonly pages: readonly OutlinedPage[]
}

export interface OutlinedPage {
  readonly id: string
  readonly title: string
}

const MOST_LETTERS = 1000
const HASH = /^[0-9a-f]{64}$/
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/

/** @throws IncompletePage, or whatever Yjs throws on bytes that cannot be read */
export const storyOutline = ({ page }: { readonly page: Updates }): Outline => {
  const doc = docOf(page)
  const story = doc.getMap<unknown>('story')
  const inMap = story.get('pages')
  const pages = inMap instanceof Y.Array ? inMap : doc.getArray<unknown>('pages')
  return {
    title: wordsOf(story.get('title')),
    cover: matching(story.get('cover'), HASH),
    language: matching(story.get('language'), LANGUAGE),
    pages: outlined(pages),
  }
}

/** Two who move a page at once may leave it in two places: the first counts. */
const outlined = (pages: Y.Array<unknown>): OutlinedPage[] => {
  const byId = new Map<string, OutlinedPage>()
  for (const entry of pages.toArray()) {
    if (!(entry instanceof Y.Map)) continue
    const id: unknown = entry.get('id')
    if (typeof id !== 'string' || nameFault(id) !== null || byId.has(id)) continue
    byId.set(id, { id, title: wordsOf(entry.get('title')) })
  }
  return [...byId.values()]
}

/** A title, whether it is kept as words or as a text that several write. */
export const wordsOf = (value: unknown): string => {
  const words = typeof value === 'string' ? value : value instanceof Y.Text ? lettersOf(value) : ''
  return words.trim().slice(0, MOST_LETTERS)
}

const lettersOf = (text: Y.Text): string =>
  text
    .toDelta()
    .map(({ insert }: { insert: unknown }) => (typeof insert === 'string' ? insert : ''))
    .join('')

const matching = (value: unknown, pattern: RegExp): string | null =>
  typeof value === 'string' && pattern.test(value) ? value : null
