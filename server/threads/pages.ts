/** Pages as documents, for the time of one job. */
import * as Y from 'yjs'

/** The encoded state that a page begins with, and what was written since, in order. */
export interface PageRows {
  readonly base: Uint8Array | null
  readonly rows: readonly Uint8Array[]
}

/** A document and the clients that its base has. */
export interface LoadedPage {
  readonly doc: Y.Doc
  readonly baseClients: ReadonlySet<number>
}

/** Takes updates in as one transaction; what waits for missing structs stays pending. */
export const applyAll = (doc: Y.Doc, updates: readonly Uint8Array[]): void =>
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })

/** A page as a document. @throws whatever Yjs throws at rows that cannot be taken in */
export const loadPage = ({ base, rows }: PageRows): LoadedPage => {
  const doc = new Y.Doc()
  if (base !== null) Y.applyUpdate(doc, base)
  const baseClients = new Set(doc.store.clients.keys())
  applyAll(doc, rows)
  return { doc, baseClients }
}

export const hasPending = (doc: Y.Doc): boolean => doc.store.pendingStructs !== null || doc.store.pendingDs !== null

/** The clients that an update has structs of, and the clock after them. */
export const endsOf = (update: Uint8Array): Map<number, number> => Y.parseUpdateMeta(update).to
