/** Which pages there are. */
import type { Query } from '../database/port.ts'
import { PAGES } from './history-statements.ts'

export interface Choice {
  /** Of this story, or this page of it, only; null: of all. */
  readonly story: string | null
  readonly page: string | null
  /** Pages that nobody edited for so many days; null: all. */
  readonly olderThanDays: number | null
}

const PAGES_AT_ONCE = 10_000

/** The pages that are chosen, by name; none of those deleted. @throws DatabaseError */
export const chosenPages = async (
  { story, page, olderThanDays }: Choice,
  database: Query,
): Promise<readonly string[]> => {
  const pages: string[] = []
  for (;;) {
    const from = pages.at(-1) ?? ''
    const found = await database.query<{ room_id: string }>(PAGES, [from, story, page, olderThanDays, PAGES_AT_ONCE])
    for (const { room_id } of found) pages.push(room_id)
    if (found.length < PAGES_AT_ONCE) return pages
  }
}

/** Works on pages in their order, `concurrency` at once. @throws what `work` throws, or the reason of `signal` */
export const eachPage = async (
  pages: readonly string[],
  { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal },
  work: (page: string) => Promise<void>,
): Promise<void> => {
  let next = 0
  const go = async () => {
    for (let page = pages[next++]; page !== undefined; page = pages[next++]) {
      signal.throwIfAborted()
      await work(page)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, go))
}
