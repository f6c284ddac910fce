/** Squashing a page: its rows joined through a throw-away Y.Doc, garbage-collected, and proven to load. */
import * as Y from 'yjs'
import { idsAtKeys } from '../room/admit.ts'
import { IdSet } from '../room/id-set.ts'
import { contentOf } from './contents.ts'
import { HandedOver } from './handed-over.ts'
import { applyAll, hasPending, loadPage, type PageRows } from './pages.ts'
import { type FirstWrite, firstWrites } from './writers.ts'

export interface Squashed {
  readonly data: Uint8Array<ArrayBuffer>
  readonly stateVector: Uint8Array
  /** Offset in `data` at which its delete set begins. */
  readonly deletesAt: number
  /** The ids at a key of a map, as a delete set is encoded. */
  readonly atKeys: Uint8Array
  /** Clients that the base does not know, each with the row that it first wrote in. */
  readonly writers: readonly FirstWrite[]
}

/**
 * One update that holds what the page holds.
 * @throws Error when its rows do not make a page that loads
 */
export const squash = (page: PageRows): HandedOver<Squashed> => {
  const loaded = loadPage(page)
  if (hasPending(loaded.doc)) throw new Error('an update refers to what no row holds')
  const squashed = { ...proven(loaded.doc), writers: firstWrites(loaded, page.rows) }
  loaded.doc.destroy()
  return new HandedOver(squashed, [squashed.data.buffer])
}

/**
 * A document as one update that is proven to load, to be readable, and to hold the same.
 * @throws Error when it is not
 */
export const proven = (doc: Y.Doc): Omit<Squashed, 'writers'> => {
  const data = Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>
  const stateVector = Y.encodeStateVector(doc)
  // An encoded snapshot is the delete set and the state vector; an update ends with the same delete set.
  const deletesAt = data.length - (Y.encodeSnapshot(Y.snapshot(doc)).length - stateVector.length)
  const check = new Y.Doc()
  applyAll(check, [data])
  if (hasPending(check)) throw new Error('the squashed page lacks what it refers to')
  if (contentOf(check) !== contentOf(doc)) throw new Error('the squashed page differs from its rows')
  check.destroy()
  const atKeys = idsAtKeys([data], new IdSet()).encode()
  return { data, stateVector, deletesAt, atKeys }
}
