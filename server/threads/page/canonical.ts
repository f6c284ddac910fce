/**
 * The content of a document as one text, the same for equal content however it came about: adjacent runs joined, keys in
 * order, formats as they apply, empty root types left out. Root types need not be named.
 */
import * as Y from 'yjs'

export type SharedType = NonNullable<ReturnType<Y.Doc['share']['get']>>
type Attributes = Record<string, unknown>

/** @throws whatever Yjs throws on a document that cannot be read */
export const canonicalOf = (doc: Y.Doc): string => {
  const roots = [...doc.share].map(([name, root]) => [name, entriesOf(root), listOf(root)] as const)
  const filled = roots.filter(([, entries, list]) => entries.length > 0 || list.length > 0)
  return stableText(filled.sort(([one], [other]) => (one < other ? -1 : 1)))
}

const entriesOf = (type: SharedType): [string, unknown][] => {
  const entries: [string, unknown][] = []
  for (const [key, item] of type._map) {
    if (!item.deleted) entries.push([key, valuesOf(item.content).at(-1)])
  }
  return entries.sort(([one], [other]) => (one < other ? -1 : 1))
}

const listOf = (type: SharedType): unknown[] => {
  const list: unknown[] = []
  const attributes: Attributes = {}
  /** The attributes as text: made where they change, as there are few formats beside many items. */
  let applied = '{}'
  let text = ''
  let textAttributes = '{}'
  const endText = () => {
    if (text !== '') list.push(['text', text, textAttributes])
    text = ''
  }
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue
    const { content } = item
    if (content instanceof Y.ContentFormat) {
      if (content.value === null) delete attributes[content.key]
      else attributes[content.key] = content.value
      applied = stableText(attributes)
      continue
    }
    if (content instanceof Y.ContentString) {
      if (applied !== textAttributes) endText()
      textAttributes = applied
      text += content.str
      continue
    }
    endText()
    for (const value of valuesOf(content)) list.push(applied === '{}' ? [value] : [value, applied])
  }
  endText()
  return list
}

const valuesOf = (content: Y.Item['content']): unknown[] => {
  if (content instanceof Y.ContentType) return [typeOf(content.type)]
  if (content instanceof Y.ContentDoc) return [{ guid: content.doc.guid, options: content.opts }]
  if (content instanceof Y.ContentEmbed) return [{ embed: content.embed }]
  return content.getContent()
}

const typeOf = (type: SharedType): unknown => {
  const name = type instanceof Y.XmlElement ? type.nodeName : type instanceof Y.XmlHook ? type.hookName : ''
  return { type: kindOf(type), name, entries: entriesOf(type), list: listOf(type) }
}

const KINDS = [
  ['xml-hook', Y.XmlHook],
  ['xml-text', Y.XmlText],
  ['xml-element', Y.XmlElement],
  ['xml-fragment', Y.XmlFragment],
  ['text', Y.Text],
  ['map', Y.Map],
  ['array', Y.Array],
] as const

const kindOf = (type: SharedType): string => KINDS.find(([, Kind]) => type instanceof Kind)?.[0] ?? ''

/** JSON with keys in order, and with what JSON does not know. */
const stableText = (value: unknown): string => JSON.stringify(value, inOrder)

const inOrder = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (value === undefined) return { undefined: true }
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}
