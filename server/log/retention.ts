/** Retention: the oldest history dropped, up to a state that is kept so that every later moment can still be read. */

import type { HistoryParts } from './coarsen.ts'
import { BEGIN_HISTORY, DROP_ROWS, DROP_SNAPSHOTS, EXPIRED_ROWS, LAST_EXPIRED, STATE_AT } from './history-statements.ts'
import { insertSnapshot, LostSwap } from './swap.ts'

export interface Dropped {
  readonly rows: number
  readonly bytes: number
}

const NOTHING: Dropped = { rows: 0, bytes: 0 }

interface Expired {
  readonly history_seq: number
  readonly seq: number
  readonly batch: string
}

/** What would be dropped: rows up to `seq`. @throws DatabaseError */
export const expiredRows = async (
  roomId: string,
  { database, settings }: Pick<HistoryParts, 'database' | 'settings'>,
): Promise<Dropped & { readonly seq: number }> => {
  if (settings.days === null) return { ...NOTHING, seq: 0 }
  const [found] = await database.query<Dropped & { seq: number }>(EXPIRED_ROWS, [roomId, settings.days])
  return found ?? { ...NOTHING, seq: 0 }
}

/**
 * Drops rows older than the history is kept.
 * @throws DatabaseError, JobError when the state that the history would begin with cannot be read: nothing is dropped then
 */
export const dropExpired = async (
  roomId: string,
  { database, threads, signal, settings }: HistoryParts,
): Promise<Dropped> => {
  if (settings.days === null) return NOTHING
  const [found] = await database.query<Expired>(LAST_EXPIRED, [roomId, settings.days])
  if (found === undefined || found.seq <= found.history_seq) return NOTHING
  const { seq } = found
  const [first, ...rest] = await database.query<{ seq: number; part: number; data: Uint8Array }>(STATE_AT, [
    roomId,
    seq,
  ])
  if (first === undefined) return NOTHING
  const base = first.part === -1 ? first : null
  const rows = (base === null ? [first, ...rest] : rest).map(({ data }) => data)
  const begins = base?.seq === seq ? null : await threads.run('squash', { base: base?.data ?? null, rows }, { signal })
  try {
    return await database.transaction(async (tx) => {
      const moved = await tx.query(BEGIN_HISTORY, [roomId, seq, found.history_seq, found.batch])
      if (moved.length === 0) throw new LostSwap()
      if (begins !== null) await insertSnapshot(tx, roomId, seq, begins)
      const dropped = await tx.query<{ bytes: number }>(DROP_ROWS, [roomId, seq])
      await tx.query(DROP_SNAPSHOTS, [roomId, seq])
      return { rows: dropped.length, bytes: dropped.reduce((sum, { bytes }) => sum + bytes, 0) }
    })
  } catch (error) {
    if (error instanceof LostSwap) return NOTHING
    throw error
  }
}
