/**
 * The edit that makes a page equal to an earlier state. The earlier state lies in a scratch document, the present one is
 * applied on top of it and undone in one step: so offline edits still merge, and nothing is doubled.
 */
import * as Y from 'yjs'
import { applyAll, docOf, type Updates } from './build.ts'
import { canonicalOf } from './canonical.ts'
import { clearContent, copyContent } from './copy.ts'
import { deletedRanges, insertedRanges } from './ranges.ts'

export interface Restoration {
  /** The edit to append, or null where nothing has to change. */
  readonly update: Uint8Array | null
  /** The page before it, as one update. */
  readonly before: Uint8Array
}

/** The edit could not be proven to do what it should; the page is as it was. */
export class UnprovenRestore extends Error {}

/**
 * The edit that makes `present` equal to `target` by content, proven on a copy.
 * @throws IncompletePage, UnprovenRestore
 */
export const restoreTo = (target: Updates, present: Updates): Restoration => {
  const scratch = docOf(target)
  const expected = canonicalOf(scratch)
  const copy = docOf(present)
  const before = Y.encodeStateAsUpdate(copy)
  if (canonicalOf(copy) === expected) return { update: null, before }
  const update = undoing(scratch, before)
  if (isProven(copy, update, expected)) return { update, before }
  const instead = replacing(target, present)
  if (isProven(docOf([before]), instead, expected)) return { update: instead, before }
  throw new UnprovenRestore('the page could not be made equal to its earlier state')
}

/** One person's part of a row: what it wrote and deleted. */
export interface Contribution {
  readonly data: Uint8Array
  /** Whether it is to be taken back. */
  readonly isTheirs: boolean
}

/**
 * The edit that takes back what one person wrote and deleted, and leaves what others did.
 * @param base the page before the first of `rows`, which lead to the present
 * @throws IncompletePage, UnprovenRestore
 */
export const undoOf = (base: Updates, rows: readonly Contribution[], present: Updates): Restoration => {
  const scratch = docOf([...base, ...rows.map(({ data }) => data)], { gc: false })
  const theirs = rows.filter(({ isTheirs }) => isTheirs).map(({ data }) => data)
  const manager = new Y.UndoManager(scratch)
  manager.undoStack.push({ insertions: insertedRanges(theirs), deletions: deletedRanges(theirs), meta: new Map() })
  const update = undone(manager)
  const copy = docOf(present)
  const before = Y.encodeStateAsUpdate(copy)
  if (update === null || isProven(copy, update, canonicalOf(scratch))) return { update, before }
  throw new UnprovenRestore('what they did could not be taken back from what followed')
}

/** The edit by which `scratch`, which is the target, comes back to itself after the present. */
const undoing = (scratch: Y.Doc, present: Uint8Array): Uint8Array => {
  const origin = {}
  const manager = new Y.UndoManager(scratch, { trackedOrigins: new Set([origin]), ignoreRemoteMapChanges: true })
  applyAll(scratch, [present], origin)
  return undone(manager) ?? NOTHING
}

/** An update that holds nothing. */
const NOTHING = new Uint8Array([0, 0])

/** The edit of an undo; null where it changes nothing. */
const undone = (manager: Y.UndoManager): Uint8Array | null => {
  const updates: Uint8Array[] = []
  const note = (update: Uint8Array) => updates.push(update)
  manager.doc.on('update', note)
  manager.undo()
  manager.doc.off('update', note)
  manager.destroy()
  return updates.length < 2 ? (updates[0] ?? null) : Y.mergeUpdates(updates)
}

/** The edit that deletes all of the present and writes all of the earlier state anew. */
export const replacing = (target: Updates, present: Updates): Uint8Array => {
  const doc = docOf(present)
  const before = Y.encodeStateVector(doc)
  doc.transact(() => {
    clearContent(doc)
    copyContent(docOf(target), doc)
  })
  return Y.encodeStateAsUpdate(doc, before)
}

/** Whether the edit makes the copy what is expected. */
const isProven = (copy: Y.Doc, update: Uint8Array, expected: string): boolean => {
  applyAll(copy, [update])
  return canonicalOf(copy) === expected
}
