/** What the root types of a page are. Yjs does not say, so the first evidence tells. */
import * as Y from 'yjs'
import type { RootType } from '../../room/scan.ts'
import type { SharedType } from './canonical.ts'

export type Roots = Readonly<Record<string, RootType>>

/** What can be told of each root: keys make a Map, XML a XmlFragment, strings, formats and embeds a Text, the rest an Array. */
export const inferRoots = (doc: Y.Doc): Roots => {
  const roots: [string, RootType][] = []
  for (const [name, root] of doc.share) {
    const type = evidenceIn(root)
    if (type !== null) roots.push([name, type])
  }
  return Object.fromEntries(roots)
}

/**
 * What each root is: as it was stored, else as it is inferred. What was a text at first and begins with XML now is XML: some
 * app made paragraphs of it.
 */
export const rootsOf = (doc: Y.Doc, stored: Roots): Roots => {
  const inferred = inferRoots(doc)
  const entries = Object.entries(stored).filter(([name, type]) => !(type === 'text' && inferred[name] === 'xml'))
  return { ...inferred, ...Object.fromEntries(entries) }
}

/** Whether XML is among what a root holds, whatever else is. */
export const holdsXml = (doc: Y.Doc, name: string): boolean => {
  for (let item = doc.share.get(name)?._start ?? null; item !== null; item = item.right) {
    if (!item.deleted && item.content instanceof Y.ContentType && isXml(item.content.type)) return true
  }
  return false
}

const evidenceIn = (root: SharedType): RootType | null => {
  if (root._map.size > 0) return 'map'
  let type: RootType | null = null
  for (let item = root._start; item !== null; item = item.right) {
    const { content } = item
    if (content instanceof Y.ContentDeleted) continue
    if (content instanceof Y.ContentString || content instanceof Y.ContentFormat || content instanceof Y.ContentEmbed) {
      return 'text'
    }
    if (content instanceof Y.ContentType && isXml(content.type)) return 'xml'
    type = 'array'
  }
  return type
}

const isXml = (type: SharedType): boolean =>
  type instanceof Y.XmlElement || type instanceof Y.XmlText || type instanceof Y.XmlHook

/** The root as the type that it is. */
export const typedRoot = (doc: Y.Doc, name: string, type: RootType) => {
  switch (type) {
    case 'map':
      return doc.getMap<unknown>(name)
    case 'xml':
      return doc.getXmlFragment(name)
    case 'text':
      return doc.getText(name)
    case 'array':
      return doc.getArray<unknown>(name)
    default:
      return type satisfies never
  }
}
