/** Folding: the rows of a page squashed into a snapshot, swapped in by compare-and-swap. The rows stay: they are the history. */
import { JobError } from '../threads/pool.ts'
import type { Squashed } from '../threads/squash.ts'
import { type LoadedPage, loadPage } from './load.ts'
import type { Folded } from './port.ts'
import { setAside } from './quarantine.ts'
import { type FoldParts, LostSwap, swap } from './swap.ts'

/**
 * Squashes all rows that a page has now. Rows that cannot be read are set aside, and the epoch of the page is raised.
 * @returns the snapshot, or null when there is nothing to fold or another process won
 * @throws DatabaseError, JobError when the rows cannot be squashed, ThreadsBusy or ThreadLost: nothing is changed then
 */
export const foldRoom = async (roomId: string, parts: FoldParts): Promise<Folded | null> => {
  const page = await loadPage(parts.database, roomId)
  if (page === null || page.deleted || page.rows.length === 0) return null
  try {
    const squashed = await squashPage(page, parts)
    await parts.database.transaction((tx) => swap(tx, roomId, page, squashed))
    parts.counters.count('folds')
    return { ...squashed, seq: page.seq, epoch: page.epoch }
  } catch (error) {
    if (error instanceof LostSwap) return null
    if (error instanceof JobError) return setAside(roomId, page, error, parts)
    throw error
  }
}

/** What a page holds, as one update. @throws as foldRoom */
export const squashPage = (
  { snapshot, rows }: Pick<LoadedPage, 'snapshot' | 'rows'>,
  { threads, signal }: Pick<FoldParts, 'threads' | 'signal'>,
): Promise<Squashed> =>
  threads.run('squash', { base: snapshot?.data ?? null, rows: rows.map(({ data }) => data) }, { signal })
