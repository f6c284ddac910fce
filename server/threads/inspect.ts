/** Looking at a page: that it loads, what it holds, how much of it is gone. */
import { createHash } from 'node:crypto'
import { contentOf } from './contents.ts'
import { loadPage, type PageRows } from './pages.ts'

export interface Inspected {
  /** Hash of all that can be read of it. */
  readonly content: string
  /** Whether an update refers to what is not there. */
  readonly pending: boolean
  /** Clocks that clients used in all, and how many of them stand for what was deleted. */
  readonly length: number
  readonly deleted: number
}

/** @throws Error when the page does not load or cannot be read */
export const inspect = (page: PageRows): Inspected => {
  const { doc } = loadPage(page)
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
  return { content, pending, length, deleted }
}
