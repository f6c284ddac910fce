/**
 * Paragraphs of what the editor cannot show. Whoever makes them of the same makes them under the same id, drawn from what
 * is made: so Yjs takes what several people make at once for one and the same.
 */
import { digest } from 'lib0/hash/sha256'
import * as Y from 'yjs'
import { linesOf } from '../device/pieces.ts'
import { isBlock } from './fit.ts'

/** Neighbours among a page's pieces. */
interface Run {
  readonly at: number
  readonly count: number
}

/** Makes paragraphs of what the editor cannot show; what it can show stays as it is. */
export const makeParagraphs = (doc: Y.Doc): void =>
  doc.transact(() => {
    // From the end: where the others are stays true.
    for (const run of runsOf(doc.getXmlFragment('body')).reverse()) {
      Y.applyUpdate(doc, made(doc, run, idOf(made(doc, run, 0))))
    }
  })

const runsOf = (body: Y.XmlFragment): Run[] => {
  const runs: Run[] = []
  for (const [at, child] of body.toArray().entries()) {
    if (isBlock(child)) continue
    const last = runs.at(-1)
    if (last !== undefined && last.at + last.count === at) runs.splice(-1, 1, { ...last, count: last.count + 1 })
    else runs.push({ at, count: 1 })
  }
  return runs
}

/** What puts paragraphs in the place of a run, as an update under an id. */
const made = (doc: Y.Doc, { at, count }: Run, id: number): Uint8Array => {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  copy.clientID = id
  const updates: Uint8Array[] = []
  copy.on('update', (update: Uint8Array) => updates.push(update))
  const body = copy.getXmlFragment('body')
  const lines = linesOf(body.slice(at, at + count))
  copy.transact(() => {
    body.delete(at, count)
    body.insert(at, lines.map(paragraphOf))
  })
  copy.destroy()
  return Y.mergeUpdates(updates)
}

/** An id that depends on all of an update. */
const idOf = (update: Uint8Array): number => new DataView(digest(update).buffer).getUint32(0)

const paragraphOf = (line: string): Y.XmlElement => {
  const paragraph = new Y.XmlElement('paragraph')
  if (line !== '') paragraph.insert(0, [new Y.XmlText(line)])
  return paragraph
}
