/** Marks spans of text by their authors: in the editor who wrote what, in the past what changed. */
import { Extension } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import { colourOf } from '../ui/person.tsx'

/** A run of text, as the service tells of it. */
export interface Span {
  readonly text: string
  /** Letters before it in its text. */
  readonly position: number
  readonly author: string | null
  readonly from: string | null
  readonly to: string | null
  readonly op?: 'insert' | 'delete'
}

/** The spans of one text of a page. */
export interface SpansOf {
  readonly root: string
  readonly path: readonly (string | number)[]
  readonly spans: readonly Span[]
}

const key = new PluginKey<DecorationSet>('blame')

/** Holds what is marked; text that is written meanwhile moves the marks along. */
export const blamePlugin = Extension.create({
  name: 'blame',
  addProseMirrorPlugins: () => [
    new Plugin<DecorationSet>({
      key,
      state: {
        init: () => DecorationSet.empty,
        apply: (transaction, before) =>
          (transaction.getMeta(key) as DecorationSet | undefined) ?? before.map(transaction.mapping, transaction.doc),
      },
      props: { decorations: (state) => key.getState(state) },
    }),
  ],
})

/** What to dispatch so that `marks` are shown. */
export const markAs = (marks: DecorationSet): readonly [PluginKey<DecorationSet>, DecorationSet] => [key, marks]

/** @param title what is said of a span when it is pointed at */
export const marksOf = (doc: Node, texts: readonly SpansOf[], title: (span: Span) => string): DecorationSet => {
  const marks: Decoration[] = []
  for (const { root, path, spans } of texts) {
    if (root !== 'body') continue
    const place = placeOf(doc, path)
    if (place === null) continue
    for (const span of spans) {
      const from = place.from + span.position
      if (from > place.to) continue
      if (span.op === 'delete') marks.push(Decoration.widget(from, () => struck(span, title(span)), { side: -1 }))
      else marks.push(Decoration.inline(from, Math.min(place.to, from + span.text.length), look(span, title(span))))
    }
  }
  return DecorationSet.create(doc, marks)
}

const look = ({ author, op }: Span, title: string) => ({
  class: op === 'insert' ? 'written new' : 'written',
  'data-person': author === null ? 'none' : String(colourOf(author)),
  title,
})

const struck = (span: Span, title: string): HTMLElement => {
  const element = document.createElement('del')
  const { class: _class, ...attributes } = look(span, title)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.textContent = span.text
  return element
}

/**
 * Where a text of the Yjs document lies in the editor's. Both are the same tree, but that Yjs holds a run of text as one
 * child, and the editor as one for each change of its marks.
 */
const placeOf = (
  doc: Node,
  path: readonly (string | number)[],
): { readonly from: number; readonly to: number } | null => {
  let node = doc
  let start = 0
  for (const [depth, step] of path.entries()) {
    const child = childrenOf(node, start)[Number(step)]
    if (child === undefined) return null
    if (depth === path.length - 1) return child.node === null ? child : null
    if (child.node === null) return null
    node = child.node
    start = child.from + 1
  }
  return null
}

interface Child {
  /** null: a run of text. */
  readonly node: Node | null
  readonly from: number
  readonly to: number
}

const childrenOf = (node: Node, start: number): Child[] => {
  const children: Child[] = []
  node.forEach((child, offset) => {
    const from = start + offset
    const to = from + child.nodeSize
    const last = children.at(-1)
    if (!child.isText) children.push({ node: child, from, to })
    else if (last?.node === null) children[children.length - 1] = { ...last, to }
    else children.push({ node: null, from, to })
  })
  return children
}
