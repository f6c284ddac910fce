/** The thread that squashes pages: the only place in the service that builds a Y.Doc. */
import { parentPort } from 'node:worker_threads'
import * as Y from 'yjs'
import type { Squashed, SquashReply } from '../log/squasher.ts'
import { contentOf } from './contents.ts'

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

const squash = (updates: readonly Uint8Array[]): Squashed => {
  const doc = docOf(updates)
  const data = Y.encodeStateAsUpdate(doc)
  const stateVector = Y.encodeStateVector(doc)
  // An encoded snapshot is the delete set and the state vector; an update ends with the same delete set.
  const deletesAt = data.length - (Y.encodeSnapshot(Y.snapshot(doc)).length - stateVector.length)
  const check = docOf([data])
  if (contentOf(check) !== contentOf(doc)) throw new Error('the squashed page differs from its rows')
  doc.destroy()
  check.destroy()
  return { data, stateVector, deletesAt }
}

parentPort?.on('message', (updates: Uint8Array[]) => {
  let reply: SquashReply
  try {
    reply = { squashed: squash(updates) }
  } catch (error) {
    reply = { fault: error instanceof Error ? error.message : String(error) }
  }
  parentPort?.postMessage(reply)
})
