/** Squashing a page: its updates joined through a throw-away Y.Doc, garbage-collected, and proven to load. */
import * as Y from 'yjs'
import { idsAtKeys } from '../room/admit.ts'
import { IdSet } from '../room/id-set.ts'
import { contentOf } from './contents.ts'
import { HandedOver } from './handed-over.ts'

export interface Squashed {
  readonly data: Uint8Array
  readonly stateVector: Uint8Array
  /** Offset in `data` at which its delete set begins. */
  readonly deletesAt: number
  /** The ids at a key of a map, as a delete set is encoded. */
  readonly atKeys: Uint8Array
}

/**
 * One update that holds what `updates` hold together.
 * @throws Error when they do not make a page that loads
 */
export const squash = (updates: readonly Uint8Array[]): HandedOver<Squashed> => {
  const doc = docOf(updates)
  const data = Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>
  const stateVector = Y.encodeStateVector(doc)
  // An encoded snapshot is the delete set and the state vector; an update ends with the same delete set.
  const deletesAt = data.length - (Y.encodeSnapshot(Y.snapshot(doc)).length - stateVector.length)
  const check = docOf([data])
  if (contentOf(check) !== contentOf(doc)) throw new Error('the squashed page differs from its rows')
  doc.destroy()
  check.destroy()
  const atKeys = idsAtKeys([data], new IdSet()).encode()
  return new HandedOver({ data, stateVector, deletesAt, atKeys }, [data.buffer])
}

const docOf = (updates: readonly Uint8Array[]): Y.Doc => {
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) {
    throw new Error('an update refers to what no row holds')
  }
  return doc
}
