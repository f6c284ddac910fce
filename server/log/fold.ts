/** Folding: the rows of a page squashed into a snapshot, swapped in by compare-and-swap. The rows stay: they are the history. */
import { createHash } from 'node:crypto'
import type { Database, Query } from '../database/port.ts'
import type { Counters, Logger } from '../ports.ts'
import { JobError, type Threads } from '../threads/pool.ts'
import type { Squashed } from '../threads/squash.ts'
import { type LoadedPage, loadPage } from './load.ts'
import type { Folded } from './port.ts'
import { setAside } from './quarantine.ts'
import { CHECKPOINT_ROWS } from './snapshots.ts'
import { INSERT_SNAPSHOT, INSERT_WRITERS, SWAP_SNAPSHOT, THIN_SNAPSHOTS } from './statements.ts'

export interface FoldParts {
  readonly database: Database
  readonly threads: Threads
  readonly counters: Counters
  readonly logger: Logger
  /** Gives the fold up. */
  readonly signal: AbortSignal
}

/** Another process swapped first: what this one did is discarded. */
export class LostSwap extends Error {}

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

/**
 * Makes `squashed` the snapshot of a page at the seq it was loaded at.
 * @throws LostSwap when another process was first
 */
export const swap = async (tx: Query, roomId: string, page: LoadedPage, squashed: Squashed): Promise<void> => {
  const { seq, epoch, snapshot, rows } = page
  const swapped = await tx.query(SWAP_SNAPSHOT, [roomId, seq, snapshot?.seq ?? 0, epoch])
  if (swapped.length === 0) throw new LostSwap()
  await insertSnapshot(tx, roomId, seq, squashed)
  const { writers } = squashed
  if (writers.length > 0) {
    const first = writers.map(({ row }) => rows[row] as LoadedPage['rows'][number])
    const clients = writers.map(({ client }) => client)
    await tx.query(INSERT_WRITERS, [roomId, clients, first.map(({ seq }) => seq), first.map(({ part }) => part)])
  }
  await tx.query(THIN_SNAPSHOTS, [roomId, CHECKPOINT_ROWS])
}

/** Keeps a snapshot. */
export const insertSnapshot = async (
  tx: Query,
  roomId: string,
  seq: number,
  { stateVector, deletesAt, data, atKeys }: Omit<Squashed, 'writers'>,
): Promise<void> => {
  const hash = createHash('sha256').update(data).digest()
  await tx.query(INSERT_SNAPSHOT, [roomId, seq, stateVector, deletesAt, data, hash, atKeys])
}
