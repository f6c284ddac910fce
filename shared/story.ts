/**
 * What the document `_story` of a story holds: the map `story` with `title` and `cover` (sha256 of a picture), and the
 * array `pages` of maps `{id, title}`. Pages themselves hold the text `title` and the fragment `body`.
 */
import * as Y from 'yjs'

export interface PageEntry {
  readonly id: string
  readonly title: string
}

export interface Story {
  readonly title: string
  /** sha256 of a picture; null: none was chosen. */
  readonly cover: string | null
  readonly pages: readonly PageEntry[]
}

type Entries = Y.Array<Y.Map<unknown>>

const entriesOf = (doc: Y.Doc): Entries => doc.getArray('pages')
const headOf = (doc: Y.Doc): Y.Map<unknown> => doc.getMap('story')
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
/** Empty where another app put something else into the list. */
const idOf = (entry: unknown): string => (entry instanceof Y.Map ? text(entry.get('id')) : '')

/** The story as it stands; a page that two moved at once is listed once. */
export const readStory = (doc: Y.Doc): Story => {
  const pages = new Map<string, PageEntry>()
  for (const entry of entriesOf(doc)) {
    const id = idOf(entry)
    if (id !== '' && !pages.has(id)) pages.set(id, { id, title: text(entry.get('title')) })
  }
  const cover = text(headOf(doc).get('cover'))
  return { title: text(headOf(doc).get('title')), cover: cover === '' ? null : cover, pages: [...pages.values()] }
}

export const setTitle = (doc: Y.Doc, title: string): void => {
  if (text(headOf(doc).get('title')) !== title) headOf(doc).set('title', title)
}

/** @param cover sha256 of a picture */
export const setCover = (doc: Y.Doc, cover: string): void => {
  headOf(doc).set('cover', cover)
}

/** Adds a page so that it stands at index `at`. */
export const addPage = (doc: Y.Doc, page: PageEntry, at: number): void => {
  const entries = entriesOf(doc)
  entries.insert(Math.min(placeOf(doc, at), entries.length), [freshEntry(page)])
}

export const renamePage = (doc: Y.Doc, id: string, title: string): void => {
  doc.transact(() => {
    for (const entry of entriesOf(doc)) {
      if (idOf(entry) === id && entry.get('title') !== title) entry.set('title', title)
    }
  })
}

/** Takes a page out of the list; what is written on it stays. */
export const removePage = (doc: Y.Doc, id: string): void => {
  const entries = entriesOf(doc)
  doc.transact(() => {
    for (let at = entries.length - 1; at >= 0; at--) if (idOf(entries.get(at)) === id) entries.delete(at)
  })
}

/** Moves a page so that it stands at index `to` among the others. */
export const movePage = (doc: Y.Doc, id: string, to: number): void => {
  const page = readStory(doc).pages.find((each) => each.id === id)
  if (page === undefined) return
  doc.transact(() => {
    removePage(doc, id)
    addPage(doc, page, to)
  })
}

/** Where the page that is shown at index `at` lies in the array, which may hold a page twice. */
const placeOf = (doc: Y.Doc, at: number): number => {
  const shown = readStory(doc).pages[at]
  if (shown === undefined) return entriesOf(doc).length
  return entriesOf(doc)
    .toArray()
    .findIndex((entry) => idOf(entry) === shown.id)
}

const freshEntry = ({ id, title }: PageEntry): Y.Map<unknown> => {
  const entry = new Y.Map<unknown>()
  entry.set('id', id)
  entry.set('title', title)
  return entry
}
