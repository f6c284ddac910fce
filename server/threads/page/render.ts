/** A page as JSON and as plain text. */
import * as Y from 'yjs'
import { inferRoots, type Roots, typedRoot } from './roots.ts'

export interface Rendered {
  /** The root types, as they were inferred where nobody said. */
  readonly roots: Roots
  /** Shared types as Yjs gives them to JSON; bytes as base64, sub-documents by their guid. */
  readonly json: string
  /** What is written in the Text and XmlFragment roots, in the order of their names. */
  readonly text: string
}

/** @param known types of roots that are known or asked for; they win over what can be inferred */
export const render = (doc: Y.Doc, known: Roots): Rendered => {
  const inferred = inferRoots(doc)
  const roots = { ...inferred, ...known }
  const names = Object.keys(roots).sort()
  const values: Record<string, unknown> = Object.create(null)
  const texts: string[] = []
  for (const name of names) {
    const root = typedRoot(doc, name, roots[name] ?? 'array')
    values[name] = plain(root.toJSON())
    const text = textOf(root).replace(/\n+$/, '')
    if (text !== '') texts.push(text)
  }
  return { roots: inferred, json: JSON.stringify(values), text: texts.join('\n\n') }
}

const textOf = (root: ReturnType<typeof typedRoot>): string => {
  if (root instanceof Y.XmlFragment) return blockText(root)
  return root instanceof Y.Text ? root.toString() : ''
}

/** What directly holds text is a line. */
const blockText = (parent: Y.XmlFragment): string => {
  let text = ''
  let isLine = false
  for (const child of parent.toArray()) {
    if (child instanceof Y.XmlElement) text += blockText(child)
    else if (child instanceof Y.XmlText) {
      isLine = true
      text += lettersOf(child)
    }
  }
  return isLine || (parent instanceof Y.XmlElement && text === '') ? `${text}\n` : text
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
