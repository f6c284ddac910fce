/** Looking at a page: that it loads, what it holds, how much of it is gone. */
import { createHash } from 'node:crypto'
import * as Y from 'yjs'
import { contentOf } from './contents.ts'
import { loadPage, type PageRows } from './pages.ts'
import { isShown } from './shown.ts'

export interface Inspected {
  /** Hash of all that can be read of it. */
  readonly content: string
  /** Whether an update refers to what is not there. */
  readonly pending: boolean
  /** Clocks that clients used in all, and how many of them stand for what was deleted. */
  readonly length: number
  readonly deleted: number
  /** Whether its body holds what the app's editor cannot show. */
  readonly isForeign: boolean
}

/** @throws Error when the page does not load or cannot be read */
export const inspect = (page: PageRows): Inspected => {
  const { doc } = loadPage(page)
  const isForeign = isForeignBody(doc.share.get('body'))
  const { store } = doc
  let length = 0
  let deleted = 0
  for (const structs of store.clients.values()) {
    for (const struct of structs) {
      length += struct.length
      if (struct.deleted) deleted += struct.length
    }
  }
  const content = createHash('sha256').update(contentOf(doc)).digest('hex')
  const pending = store.pendingStructs !== null || store.pendingDs !== null
  doc.destroy()
  return { content, pending, length, deleted, isForeign }
}

const isForeignBody = (body: ReturnType<Y.Doc['share']['get']>): boolean => {
  for (const { deleted } of body?._map.values() ?? []) if (!deleted) return true
  for (let item = body?._start ?? null; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue
    const type = item.content instanceof Y.ContentType ? item.content.type : null
    if (!(type instanceof Y.XmlElement) || !isShown(type)) return true
  }
  return false
}
