/** Copies of the content of a document, of every shared type, without naming root types. */
import * as Y from 'yjs'
import type { SharedType } from './canonical.ts'

/** Adds the content of `from` to `to`, which gets neither its history nor what was deleted. */
export const copyContent = (from: Y.Doc, to: Y.Doc): void =>
  to.transact((transaction) => {
    for (const [name, root] of from.share) copyType(transaction, root, to.get(name))
  })

/** Deletes all content. */
export const clearContent = (doc: Y.Doc): void =>
  doc.transact((transaction) => {
    for (const root of doc.share.values()) {
      for (let item = root._start; item !== null; item = item.right) if (!item.deleted) item.delete(transaction)
      for (const item of root._map.values()) if (!item.deleted) item.delete(transaction)
    }
  })

const copyType = (transaction: Y.Transaction, source: SharedType, target: SharedType): void => {
  let last: Y.Item | null = target._start
  while (last !== null && last.right !== null) last = last.right
  for (let item = source._start; item !== null; item = item.right) {
    if (!item.deleted) last = copyItem(transaction, item, target, last)
  }
  for (const [key, item] of source._map) {
    if (!item.deleted) copyItem(transaction, item, target, target._map.get(key) ?? null, key)
  }
}

const copyItem = (
  transaction: Y.Transaction,
  source: Y.Item,
  parent: SharedType,
  left: Y.Item | null,
  key: string | null = null,
): Y.Item => {
  const { clientID, store } = transaction.doc
  const id = Y.createID(clientID, Y.getState(store, clientID))
  const content = source.content.copy()
  const item = new Y.Item(id, left, left === null ? null : left.lastId, null, null, parent, key, content)
  item.integrate(transaction, 0)
  if (content instanceof Y.ContentType && source.content instanceof Y.ContentType) {
    copyType(transaction, source.content.type, content.type)
  }
  return item
}
