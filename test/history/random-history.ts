/** Random histories of several authors, as the rows that a room would write. */
import * as Y from 'yjs'
import { docFrom, randomEdit } from '../support/edits.ts'
import type { Random } from '../support/random.ts'

export interface WrittenRow {
  readonly seq: number
  readonly part: number
  readonly author: string
  readonly data: Uint8Array
}

const AUTHORS = ['ana', 'ben', 'carl']

/** `count` seqs, each of one author or of two who wrote in the same turn; all see all, now and then. */
export const randomHistory = (random: Random, count: number): WrittenRow[] => {
  const docs = AUTHORS.map(() => docFrom(random))
  const made: { author: number; data: Uint8Array }[] = []
  for (const [author, doc] of docs.entries()) {
    doc.on('update', (data: Uint8Array, origin: unknown) => {
      if (origin !== 'others') made.push({ author, data })
    })
  }
  const rows: WrittenRow[] = []
  const seen = docs.map(() => 0)
  const share = (author: number) => {
    const doc = docs[author] as Y.Doc
    for (const row of rows.slice(seen[author])) Y.applyUpdate(doc, row.data, 'others')
    seen[author] = rows.length
  }
  for (let seq = 1; seq <= count; seq++) {
    const writers = random.chance(0.2) ? [0, 1] : [random.below(AUTHORS.length)]
    for (const author of writers) {
      if (random.chance(0.5)) share(author)
      while (!made.some((each) => each.author === author)) randomEdit(docs[author] as Y.Doc, random)
    }
    for (const [part, author] of writers.entries()) {
      const data = Y.mergeUpdates(made.filter((each) => each.author === author).map((each) => each.data))
      rows.push({ seq, part, author: AUTHORS[author] as string, data })
    }
    made.length = 0
  }
  return rows
}

/** The page as rows up to `seq` make it. */
export const replay = (rows: readonly { readonly seq: number; readonly data: Uint8Array }[], seq: number): Y.Doc => {
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const row of rows) if (row.seq <= seq) Y.applyUpdate(doc, row.data)
  })
  return doc
}
