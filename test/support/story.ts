/** A story as the editor writes it. */
import * as Y from 'yjs'
import type { Ask } from './archive-api.ts'

export interface WrittenPage {
  readonly id: string
  readonly title: string
  /** Nodes of its body. */
  readonly body: readonly Y.XmlElement[]
}

export const node = (
  name: string,
  children: readonly (string | Y.XmlText | Y.XmlElement)[] = [],
  attributes: Record<string, unknown> = {},
): Y.XmlElement => {
  const element = new Y.XmlElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value as string)
  element.insert(
    0,
    children.map((child) => (typeof child === 'string' ? new Y.XmlText(child) : child)),
  )
  return element
}

/** Words with marks, a piece after the other. */
export const marked = (...pieces: readonly (readonly [words: string, ...marks: string[]])[]): Y.XmlText => {
  const text = new Y.XmlText()
  text.applyDelta(
    pieces.map(([insert, ...marks]) => ({
      insert,
      attributes: Object.fromEntries(['bold', 'italic'].map((mark) => [mark, marks.includes(mark) ? {} : null])),
    })),
  )
  return text
}

const updateOf = (write: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc()
  doc.transact(() => write(doc))
  return Y.encodeStateAsUpdate(doc)
}

/** Writes a story with its own document. */
export const writeStory = async (
  ask: Ask,
  story: string,
  {
    title,
    cover,
    pages,
    headers = {},
  }: {
    readonly title: string
    readonly cover: string | null
    readonly pages: readonly WrittenPage[]
    readonly headers?: Record<string, string>
  },
): Promise<void> => {
  const outline = updateOf((doc) => {
    const map = doc.getMap('story')
    map.set('title', title)
    if (cover !== null) map.set('cover', cover)
    const entries = pages.map((page) => new Y.Map(Object.entries({ id: page.id, title: page.title })))
    doc.getArray('pages').insert(0, entries)
  })
  await ask(`POST /stories/${story}/pages/_story/updates`, { body: outline, headers })
  for (const { id, title: words, body } of pages) {
    const page = updateOf((doc) => {
      doc.getText('title').insert(0, words)
      doc.getXmlFragment('body').insert(0, [...body])
    })
    await ask(`POST /stories/${story}/pages/${id}/updates`, { body: page, headers })
  }
}
