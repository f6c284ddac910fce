/** Making what was squashed the snapshot of its page, by compare-and-swap. */
import { createHash } from 'node:crypto'
import type { Database, Query } from '../database/port.ts'
import type { Counters, Logger } from '../ports.ts'
import type { Threads } from '../threads/pool.ts'
import type { Squashed } from '../threads/squash.ts'
import type { LoadedPage } from './load.ts'
import { CHECKPOINT_ROWS } from './snapshots.ts'
import { INSERT_SNAPSHOT, INSERT_WRITERS, SWAP_SNAPSHOT, THIN_SNAPSHOTS } from './statements.ts'

/** What folds work with. */
export interface FoldParts {
  readonly database: Database
  readonly threads: Threads
  readonly counters: Counters
  readonly logger: Logger
  /** Gives the fold up. */
  readonly signal: AbortSignal
}

/** Another process swapped first, or the database went back in time: what this one did is discarded. */
export class LostSwap extends Error {}

/**
 * Makes `squashed` the snapshot of a page, which has rows, at the seq it was loaded at.
 * @throws LostSwap when another process was first, or the rows are others now
 */
export const swap = async (tx: Query, roomId: string, page: LoadedPage, squashed: Squashed): Promise<void> => {
  const { seq, epoch, snapshot, rows } = page
  const last = rows.at(-1)
  if (last === undefined) throw new LostSwap()
  const begunWith = [snapshot?.seq ?? 0, epoch, last.seq, last.part, last.batch]
  const swapped = await tx.query(SWAP_SNAPSHOT, [roomId, seq, ...begunWith])
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
