/** Looking after the history of one page: coarser with age, at last dropped, no more snapshots than it needs. */
import { coarsenHistory, type HistoryParts, type Joined } from './coarsen.ts'
import { TENDED } from './history-statements.ts'
import { type Dropped, dropExpired } from './retention.ts'
import { thinSnapshots } from './snapshots.ts'

export interface Tended {
  readonly joined: Joined
  readonly dropped: Dropped
  /** Snapshots dropped. */
  readonly snapshots: number
}

/** @throws DatabaseError, JobError, ThreadsBusy, ThreadLost; what was done before stays done */
export const tendHistory = async (roomId: string, parts: HistoryParts): Promise<Tended> => {
  const { database, settings } = parts
  const dropped = await dropExpired(roomId, parts)
  const joined = await coarsenHistory(roomId, parts)
  const snapshots = await database.transaction((tx) => thinSnapshots(tx, roomId))
  await database.query(TENDED, [roomId, settings.hourlyDays, settings.days !== null])
  return { joined, dropped, snapshots }
}
