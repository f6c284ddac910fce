/** What a page says, whatever a client wrote into it: other clients know no schema. */
import * as Y from 'yjs'

/** Elements and runs of text among `children` and below, in their order. */
export function* piecesOf(children: readonly unknown[]): Generator<string | Y.XmlElement> {
  let text = ''
  for (const child of children) {
    if (typeof child === 'string' || child instanceof Y.Text) {
      text += typeof child === 'string' ? child : lettersOf(child)
      continue
    }
    if (text !== '') yield text
    text = ''
    if (!(child instanceof Y.XmlElement)) continue
    yield child
    yield* piecesOf(child.toArray())
  }
  if (text !== '') yield text
}

/** The lines of text among `children` and below. */
export const linesOf = (children: readonly unknown[]): string[] =>
  [...piecesOf(children)].flatMap((piece) => (typeof piece === 'string' ? piece.split('\n') : []))

/** Whether a page has keys where it should have a list: then it holds what nobody can show as text. */
export const hasKeys = (body: Y.XmlFragment): boolean => [...body._map.values()].some(({ deleted }) => !deleted)

const lettersOf = (text: Y.Text): string =>
  (text.toDelta() as { insert: unknown }[]).map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('')
