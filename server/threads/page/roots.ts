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
