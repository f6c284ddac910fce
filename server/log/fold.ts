/** Folding: the rows of a page squashed into a snapshot, swapped in by compare-and-swap. The rows stay: they are the history. */
import { createHash } from 'node:crypto'
import type { Database } from '../database/port.ts'
import type { Counters } from '../ports.ts'
import type { Threads } from '../threads/pool.ts'
import { loadRoom } from './load.ts'
import type { Snapshot } from './port.ts'
import { INSERT_SNAPSHOT, SWAP_SNAPSHOT, THIN_SNAPSHOTS } from './statements.ts'

/** No kept moment is more rows than this from a snapshot. */
const CHECKPOINT_ROWS = 5000

/** Another process swapped first: what this one did is discarded. */
class LostSwap extends Error {}

export interface FoldParts {
  readonly database: Database
  readonly threads: Threads
  readonly counters: Counters
  /** Gives the fold up. */
  readonly signal: AbortSignal
}

/**
 * Squashes all rows that a page has now.
 * @returns the snapshot, or null when there is nothing to fold or another process won
 * @throws DatabaseError, JobError when the rows cannot be squashed, ThreadsBusy or ThreadLost: nothing is changed then
 */
export const foldRoom = async (
  roomId: string,
  { database, threads, counters, signal }: FoldParts,
): Promise<Snapshot | null> => {
  const room = await loadRoom(database, roomId)
  if (room.deleted || room.tail.length === 0) return null
  const updates = room.tail.flatMap((batch) => batch.parts)
  if (room.snapshot !== null) updates.unshift(room.snapshot.data)
  const squashed = await threads.run('squash', updates, { signal })
  const snapshot: Snapshot = { seq: room.seq, ...squashed }
  const hash = createHash('sha256').update(snapshot.data).digest()
  try {
    await database.transaction(async (tx) => {
      const { seq, stateVector, deletesAt, data, atKeys } = snapshot
      const swapped = await tx.query(SWAP_SNAPSHOT, [roomId, seq, room.snapshot?.seq ?? 0])
      if (swapped.length === 0) throw new LostSwap()
      await tx.query(INSERT_SNAPSHOT, [roomId, seq, stateVector, deletesAt, data, hash, atKeys])
      await tx.query(THIN_SNAPSHOTS, [roomId, CHECKPOINT_ROWS])
    })
  } catch (error) {
    if (error instanceof LostSwap) return null
    throw error
  }
  counters.count('folds')
  return snapshot
}
