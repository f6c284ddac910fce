/** The content of a document whose root types nobody named. */
import * as Y from 'yjs'

type Root = NonNullable<ReturnType<Y.Doc['share']['get']>>

/**
 * All root types as one text, to compare two documents by content and to prove that a page can be read.
 * Yjs updates do not name root types: keys make a Map, XML or nested types a XmlFragment or an Array, strings a Text.
 * @throws whatever Yjs throws on a document that cannot be read
 */
export const contentOf = (doc: Y.Doc): string => {
  const names = [...doc.share.keys()].sort()
  return JSON.stringify(
    names.map((name) => [name, readRoot(doc, name)]),
    withBigInts,
  )
}

/** Yjs holds them, JSON does not. */
const withBigInts = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)

const readRoot = (doc: Y.Doc, name: string): unknown => {
  const root = doc.share.get(name)
  const map = root === undefined || root._map.size === 0 ? null : sorted(Y.Map.prototype.toJSON.call(root))
  return [map, readList(root)]
}

const readList = (root: Root | undefined): unknown[] => {
  const values: unknown[] = []
  let text = ''
  for (let item = root?._start ?? null; item !== null; item = item.right) {
    if (item.deleted) continue
    if (item.content instanceof Y.ContentString) {
      text += item.content.str
      continue
    }
    if (text !== '') values.push(text)
    text = ''
    if (item.content instanceof Y.ContentFormat) values.push([item.content.key, item.content.value])
    else if (item.content instanceof Y.ContentType) values.push(readType(item.content.type))
    else values.push(item.content.getContent().map(readable))
  }
  if (text !== '') values.push(text)
  return values
}

const readType = (type: Root): unknown => {
  if (type instanceof Y.Map) return sorted(type.toJSON())
  if (type instanceof Y.XmlElement || type instanceof Y.XmlFragment || type instanceof Y.XmlText) return type.toString()
  if (type instanceof Y.Text) return type.toDelta()
  return type.toJSON()
}

const readable = (value: unknown): unknown => (value instanceof Y.Doc ? { guid: value.guid } : value)

const sorted = (map: Record<string, unknown>): [string, unknown][] =>
  Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
