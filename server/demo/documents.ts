/** The tale as the editor would have written it. */
import * as Y from 'yjs'
import { PAGES, type Page, type Passage, type Phrase, TITLE } from './tale.ts'

/** All of it is written by one hand: two processes make the same bytes. */
const HAND = 1

/** The story's own document. @param cover SHA-256 of its picture */
export const outlineDocument = (cover: string): Uint8Array =>
  written((doc) => {
    const story = doc.getMap('story')
    story.set('title', TITLE)
    story.set('cover', cover)
    story.set('language', 'en')
    const entries = PAGES.map(({ id, title }) => new Y.Map(Object.entries({ id, title })))
    doc.getArray('pages').insert(0, entries)
  })

/** @param hashes SHA-256 of each picture, by its file */
export const pageDocument = ({ title, passages }: Page, hashes: ReadonlyMap<string, string>): Uint8Array =>
  written((doc) => {
    doc.getText('title').insert(0, title)
    doc.getXmlFragment('body').insert(
      0,
      passages.map((passage) => elementOf(passage, hashes)),
    )
  })

const written = (write: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc()
  doc.clientID = HAND
  doc.transact(() => write(doc))
  return Y.encodeStateAsUpdate(doc)
}

const elementOf = (passage: Passage, hashes: ReadonlyMap<string, string>): Y.XmlElement => {
  switch (passage.kind) {
    case 'paragraph':
      return holding('paragraph', [textOf(passage.words)])
    case 'heading': {
      const heading = holding('heading', [textOf(passage.words)])
      // The editor keeps it as a number, whatever the types of Yjs say.
      heading.setAttribute('level', 2 as unknown as string)
      return heading
    }
    case 'quote':
      return holding('blockquote', [holding('paragraph', [textOf(passage.words)])])
    case 'list':
      return holding(
        'bulletList',
        passage.items.map((words) => holding('listItem', [holding('paragraph', [textOf(words)])])),
      )
    case 'picture': {
      const picture = new Y.XmlElement('picture')
      picture.setAttribute('sha256', hashes.get(passage.file) ?? '')
      picture.setAttribute('alt', passage.alt)
      return picture
    }
    default:
      return passage satisfies never
  }
}

const holding = (name: string, children: readonly (Y.XmlElement | Y.XmlText)[]): Y.XmlElement => {
  const element = new Y.XmlElement(name)
  element.insert(0, [...children])
  return element
}

const textOf = (phrases: readonly Phrase[]): Y.XmlText => {
  const text = new Y.XmlText()
  const unmarked = { bold: null, italic: null }
  text.applyDelta(
    phrases.map((phrase) =>
      typeof phrase === 'string'
        ? { insert: phrase, attributes: unmarked }
        : { insert: phrase[1], attributes: { ...unmarked, [phrase[0]]: {} } },
    ),
  )
  return text
}
