/** Documents built from the bytes of a page. */
import * as Y from 'yjs'

/** Yjs V1 updates that make a page together. */
export type Updates = readonly Uint8Array[]

/** The bytes do not make a page: something that they refer to is missing. */
export class IncompletePage extends Error {}

/**
 * @param gc false keeps the content of what is deleted later on
 * @throws IncompletePage, or whatever Yjs throws on bytes that cannot be read
 */
export const docOf = (updates: Updates, { gc = true }: { readonly gc?: boolean } = {}): Y.Doc => {
  const doc = new Y.Doc({ gc })
  applyAll(doc, updates)
  return doc
}

/** Applies all in one transaction. @throws IncompletePage */
export const applyAll = (doc: Y.Doc, updates: Updates, origin: unknown = null): void => {
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  }, origin)
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) {
    throw new IncompletePage('the rows of the page refer to what no row holds')
  }
}
