/** Random edits on every shared type that Yjs has. */
import * as Y from 'yjs'
import type { Random } from './random.ts'

const WORDS = ['once ', 'upon ', 'a ', 'time', 'ä', '汉字', '\n', 'x']

/** A document whose clientID is of the seed too: by it Yjs puts in order what was written at once. */
export const docFrom = (random: Random, options: { readonly gc?: boolean } = {}): Y.Doc => {
  const doc = new Y.Doc(options)
  doc.clientID = random.below(2 ** 32)
  return doc
}

/** No editor puts its caret inside a surrogate pair; Yjs replaces the halves of one that is cut. */
const outsidePairs = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at
}

/** One random edit in one transaction. */
export const randomEdit = (doc: Y.Doc, random: Random): void =>
  doc.transact(() => {
    random.pick([editText, editText, editText, editFormats, editArray, editMap, editXml])(doc, random)
  })

const editText = (doc: Y.Doc, random: Random): void => {
  const text = doc.getText('text')
  if (text.length > 4 && random.fraction() < 0.35) {
    const written = text.toString()
    const from = outsidePairs(written, random.below(written.length))
    const to = outsidePairs(written, Math.min(from + 1 + random.below(4), written.length))
    if (to > from) text.delete(from, to - from)
  } else text.insert(outsidePairs(text.toString(), random.below(text.length + 1)), random.pick([...WORDS, '🦊']))
}

const editFormats = (doc: Y.Doc, random: Random): void => {
  const text = doc.getText('rich')
  const at = random.below(text.length + 1)
  const kind = random.below(5)
  if (kind === 0) text.insertEmbed(at, { image: 'fox', size: random.below(9) })
  else if (kind === 1 && text.length > at)
    text.format(at, Math.min(3, text.length - at), { bold: random.pick([true, null]) })
  else if (kind === 2 && text.length > at) text.delete(at, 1)
  else text.insert(at, random.pick(WORDS), random.pick([undefined, { italic: true }]))
}

const editArray = (doc: Y.Doc, random: Random): void => {
  const array = doc.getArray<unknown>('array')
  const at = random.below(array.length + 1)
  if (array.length > at && random.fraction() < 0.3) array.delete(at, 1)
  else
    array.insert(at, [
      random.pick<unknown>([1, 'two', null, true, 2.5, { a: [1] }, new Uint8Array([1, 2]), new Y.Doc()]),
    ])
}

const editMap = (doc: Y.Doc, random: Random): void => {
  const map = doc.getMap<unknown>('map')
  const key = random.pick(['a', 'b', 'c'])
  const kind = random.below(4)
  if (kind === 0) map.delete(key)
  else if (kind === 1) map.set(key, new Y.Map([['inner', random.below(9)]]))
  else if (kind === 2 && map.get(key) instanceof Y.Map) (map.get(key) as Y.Map<unknown>).set('inner', random.below(9))
  else map.set(key, random.below(100))
}

const editXml = (doc: Y.Doc, random: Random): void => {
  const xml = doc.getXmlFragment('xml')
  const at = random.below(xml.length + 1)
  const kind = random.below(4)
  const child = xml.length > 0 ? xml.get(random.below(xml.length)) : null
  if (kind === 0 && xml.length > at) xml.delete(at, 1)
  else if (kind === 1 && child instanceof Y.XmlElement) {
    child.setAttribute('level', String(random.below(6)))
    child.insert(0, [new Y.XmlText(random.pick(WORDS))])
  } else xml.insert(at, [new Y.XmlElement(random.pick(['paragraph', 'heading']))])
}

/** A document by content, to compare two. */
export const contentsOf = (doc: Y.Doc): unknown => ({
  text: doc.getText('text').toString(),
  rich: doc.getText('rich').toDelta(),
  array: doc
    .getArray<unknown>('array')
    .toArray()
    .map((value) => (value instanceof Y.Doc ? value.guid : value)),
  map: doc.getMap('map').toJSON(),
  xml: doc.getXmlFragment('xml').toString(),
})
