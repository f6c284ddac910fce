/** Which snapshots of a page are kept. */
import type { Query } from '../database/port.ts'
import { DELETE_SNAPSHOTS, SNAPSHOT_DISTANCES } from './statements.ts'

/** No kept moment is more rows than this from a snapshot before it. */
export const CHECKPOINT_ROWS = 5000

export interface KeptSnapshot {
  readonly seq: number
  /** Rows between it and the snapshot before. */
  readonly rows: number
  /** Whether the kept history begins with it. */
  readonly first: boolean
  readonly bytes: number
}

/**
 * The snapshots that nobody needs: not the last two, not the one that the history begins with, and not those without
 * which more than `distance` rows would lie between two.
 * @param snapshots by seq
 */
export const needless = (snapshots: readonly KeptSnapshot[], distance = CHECKPOINT_ROWS): number[] => {
  const gone: number[] = []
  let since = 0
  for (const [index, { seq, rows, first }] of snapshots.slice(0, -2).entries()) {
    const next = snapshots[index + 1] as KeptSnapshot
    since += rows
    if (first || since + next.rows > distance) since = 0
    else gone.push(seq)
  }
  return gone
}

/** Drops the snapshots that nobody needs, now that rows were joined or dropped. @returns how many */
export const thinSnapshots = async (tx: Query, roomId: string): Promise<number> => {
  const gone = needless(await tx.query<KeptSnapshot>(SNAPSHOT_DISTANCES, [roomId]))
  if (gone.length > 0) await tx.query(DELETE_SNAPSHOTS, [roomId, gone])
  return gone.length
}
