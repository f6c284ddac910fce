/**
 * Whether the editor can show what a page holds. Its binding deletes from the document what ProseMirror does not take, for
 * everybody: so it is given nothing of the kind.
 */
import { getSchema } from '@tiptap/core'
import { Fragment, type Node } from '@tiptap/pm/model'
import * as Y from 'yjs'
import { hasKeys } from '../device/pieces.ts'
import { pageExtensions } from './extensions.ts'

const schema = getSchema(
  pageExtensions({ url: () => Promise.reject(new Error('shown nowhere')), refusal: () => null, cover: null }),
)
const atTop = schema.topNodeType.contentMatch

/** Marks that may overlap with others of their kind carry a hash behind two hyphens. */
const markName = (name: string): string => name.replace(/--[A-Za-z0-9+/=]{8}$/, '')

interface Piece {
  readonly insert: unknown
  readonly attributes?: Readonly<Record<string, object | null>>
}

/** @throws Error on what ProseMirror does not take */
const textNodes = (text: Y.XmlText): Node[] =>
  (text.toDelta() as Piece[]).map(({ insert, attributes = {} }) => {
    if (typeof insert !== 'string') throw new Error('it holds something among its letters')
    return schema.text(
      insert,
      Object.entries(attributes).map(([name, value]) => schema.mark(markName(name), value)),
    )
  })

/** @throws Error on what ProseMirror does not take */
const nodesOf = (children: readonly unknown[]): Node[] =>
  children.flatMap((child) => {
    if (child instanceof Y.XmlElement) return nodeOf(child)
    if (child instanceof Y.XmlText) return textNodes(child)
    throw new Error('it holds what is no text and no element')
  })

/** @throws Error on what ProseMirror does not take */
const nodeOf = (element: Y.XmlElement): Node =>
  schema.node(element.nodeName, element.getAttributes(), nodesOf(element.toArray()))

const taken = <T>(make: () => T): T | null => {
  try {
    return make()
  } catch {
    // Why ProseMirror does not take it, it says in many ways; that it does not is all that counts.
    return null
  }
}

/** Whether the editor can show a piece of a page as it is. */
export const isBlock = (child: unknown): boolean => {
  const node = child instanceof Y.XmlElement ? taken(() => nodeOf(child)) : null
  return node !== null && atTop.matchType(node.type) !== null
}

/** Whether the editor can show a page as it is. */
export const fits = (body: Y.XmlFragment): boolean => !hasKeys(body) && body.toArray().every(isBlock)

/** Whether it still can after a transaction, when it could before. */
export const stillFits = (body: Y.XmlFragment, { changed }: Y.Transaction): boolean => {
  const types = [...changed.keys()].filter((type) => isWithin(type, body))
  // Most are letters in a paragraph, and pages are long.
  const around = types.map((type) => (type instanceof Y.XmlText ? type.parent : null))
  return around.every((parent) => parent instanceof Y.XmlElement)
    ? around.every((parent) => taken(() => nodeOf(parent)) !== null)
    : fits(body)
}

const isWithin = (type: { readonly parent: unknown }, body: Y.XmlFragment): boolean => {
  for (let each: unknown = type; each instanceof Y.AbstractType; each = each.parent) if (each === body) return true
  return false
}

/** The origin of what is mended: nobody takes that back. */
const MENDING = {}

/**
 * Mends what two edits that met may leave, each of them sound: a list without items, an item that does not begin with a
 * paragraph. No letter of anybody is touched, and nothing that is not known here.
 */
export const mend = (body: Y.XmlFragment): void => body.doc?.transact(() => mendBelow(body), MENDING)

const mendBelow = (parent: Y.XmlFragment): void => {
  for (const [at, child] of [...parent.toArray().entries()].reverse()) {
    if (!(child instanceof Y.XmlElement)) continue
    mendBelow(child)
    if (taken(() => nodeOf(child)) !== null) continue
    if (isHollow(child)) parent.delete(at, 1)
    else child.insert(0, missingBefore(child))
  }
}

/** Known here, and without a letter or a picture. */
const isHollow = (element: Y.XmlElement): boolean =>
  schema.nodes[element.nodeName]?.isAtom === false &&
  element.toArray().every((child) => (child instanceof Y.XmlElement ? isHollow(child) : isWordless(child)))

const isWordless = (child: unknown): boolean => child instanceof Y.XmlText && child.length === 0

const missingBefore = (element: Y.XmlElement): Y.XmlElement[] => {
  const match = schema.nodes[element.nodeName]?.contentMatch
  const there = taken(() => nodesOf(element.toArray()))
  const missing = there === null ? null : match?.fillBefore(Fragment.from(there), true)
  return (missing?.content ?? []).map(({ type }) => new Y.XmlElement(type.name))
}
