/** Whole pages, as they come from a database: typed for real where traces exist, generated elsewhere. */
import * as Y from 'yjs'
import type { SeededRandom } from '../random.ts'
import { typing, words } from './traces.ts'
import { newClient, ROOT } from './typing.ts'

const TYPED_AT_A_TIME = 2000
/** A sentence put into another takes about so many. */
const SENTENCE_BYTES = 80

/** What a page is like: `edits` typed one by one, or sentences put in anywhere until it has about `bytes` bytes. */
export type PageKind = { readonly edits: number } | { readonly bytes: number }

/** A page's state as one update. */
export const makePage = (kind: PageKind, random: SeededRandom): Uint8Array => {
  const doc = new Y.Doc()
  doc.clientID = newClient(random)
  if ('edits' in kind) typeInto(doc, kind.edits, random)
  else fill(doc, kind.bytes, random)
  const state = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return state
}

const typeInto = (doc: Y.Doc, edits: number, random: SeededRandom): void => {
  const text = doc.getText(ROOT)
  const source = typing(random)
  for (let left = edits; left > 0; left -= TYPED_AT_A_TIME) {
    Y.transact(doc, () => {
      for (let index = 0; index < Math.min(left, TYPED_AT_A_TIME); index++) {
        const { value } = source.next()
        const [position, remove, insert] = value as [number, number, string]
        if (remove > 0) text.delete(position, remove)
        if (insert !== '') text.insert(position, insert)
      }
    })
  }
}

const fill = (doc: Y.Doc, bytes: number, random: SeededRandom): void => {
  const text = doc.getText(ROOT)
  // Encoding megabytes takes long, so it is done when the page may have become large enough.
  for (let size = 0; size < bytes; size = Y.encodeStateAsUpdate(doc).length) {
    const sentences = Math.max(1, Math.floor((bytes - size) / SENTENCE_BYTES))
    Y.transact(doc, () => {
      for (let sentence = 0; sentence < sentences; sentence++) {
        text.insert(random.below(text.length + 1), words(20 + random.below(40), random))
      }
    })
  }
}
