/** A page as JSON and as plain text. */
import * as Y from 'yjs'
import { inferRoots, type Roots, rootsOf, typedRoot } from './roots.ts'

export interface Rendered {
  /** The root types, as they were inferred where nobody said. */
  readonly roots: Roots
  /** Shared types as Yjs gives them to JSON; bytes as base64, sub-documents by their guid. */
  readonly json: string
  /** What is written in the Text and XmlFragment roots, in the order of their names, but the title first. */
  readonly text: string
}

/**
 * @param stored types of roots that are known
 * @param asked types that win over those
 */
export const render = (doc: Y.Doc, stored: Roots, asked: Roots = {}): Rendered => {
  const roots = { ...rootsOf(doc, stored), ...asked }
  const values: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(roots).sort()) {
    values[name] = plain(typedRoot(doc, name, roots[name] ?? 'array').toJSON())
  }
  const texts = textsOf(doc, roots).map(([, text]) => text)
  return { roots: inferRoots(doc), json: JSON.stringify(values), text: texts.join('\n\n') }
}

const TITLE = 'title'

/** The text of each root that has some, the title first. */
export const textsOf = (doc: Y.Doc, roots: Roots): (readonly [name: string, text: string])[] => {
  const others = Object.keys(roots).filter((name) => name !== TITLE)
  return [...(TITLE in roots ? [TITLE] : []), ...others.sort()].flatMap((name) => {
    const text = textOf(typedRoot(doc, name, roots[name] ?? 'array')).replace(/\n+$/, '')
    return text === '' ? [] : [[name, text] as const]
  })
}

const textOf = (root: ReturnType<typeof typedRoot>): string => {
  if (root instanceof Y.XmlFragment) return blockText(root)
  return root instanceof Y.Text ? root.toString() : ''
}

/** What directly holds text is a line; letters that an app put beside the blocks are lines of their own. */
const blockText = (parent: Y.XmlFragment): string => {
  const isBlock = parent instanceof Y.XmlElement
  let text = ''
  let isLine = false
  for (const child of parent.toArray() as unknown[]) {
    if (child instanceof Y.XmlElement) {
      if (isLine && !isBlock) text += '\n'
      isLine = isLine && isBlock
      text += blockText(child)
    } else if (child instanceof Y.XmlText || typeof child === 'string') {
      isLine = true
      text += typeof child === 'string' ? child : lettersOf(child)
    }
  }
  return isLine || (isBlock && text === '') ? `${text}\n` : text
}

/** XmlText.toString() writes formats as tags. */
const lettersOf = (text: Y.XmlText): string => {
  let letters = ''
  for (let item = text._start; item !== null; item = item.right) {
    if (!item.deleted && item.content instanceof Y.ContentString) letters += item.content.str
  }
  return letters
}

/** What JSON can say of a value. */
const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Y.Doc) return { guid: value.guid }
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}
