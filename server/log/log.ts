/** The log of all pages: what the rooms write to and are loaded from. */
import type { Database } from '../database/port.ts'
import type { Clock, Counters, Logger, Random } from '../ports.ts'
import { JobError, type Threads } from '../threads/pool.ts'
import { Appender } from './append.ts'
import { foldRoom } from './fold.ts'
import { loadRoom, readBatches, readChanged } from './load.ts'
import type { Log, Snapshot } from './port.ts'
import { Reach } from './reach.ts'

export interface LogParts {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  readonly threads: Threads
  /** Rooms in one append statement; 1 for distributed databases. */
  readonly batchRooms: number
}

/** Opens the log over a migrated database, which it does not close. */
export const openLog = (parts: LogParts): Log => {
  const { database, logger, counters, threads } = parts
  const reach = new Reach(logger)
  const appender = new Appender({ ...parts, reach })
  const closing = new AbortController()
  const folding = new Map<string, Promise<Snapshot | null>>()
  const fold = (roomId: string): Promise<Snapshot | null> => {
    const shared = folding.get(roomId)
    if (shared !== undefined) return shared
    const started = foldRoom(roomId, { database, threads, counters, signal: closing.signal })
      .catch((error: unknown) => {
        if (error instanceof JobError) {
          counters.count('fold_failures')
          logger.error({ room: roomId, error: error.message }, 'a page cannot be squashed; its rows stay as they are')
        }
        throw error
      })
      .finally(() => folding.delete(roomId))
    folding.set(roomId, started)
    return started
  }
  return {
    load: (roomId) => reach.note(() => loadRoom(database, roomId)),
    read: (roomId, from) => reach.note(() => readBatches(database, roomId, from)),
    changed: (known) => reach.note(() => readChanged(database, known)),
    append: (room) => appender.append(room),
    fold,
    drain: () => appender.drain(),
    get reachable() {
      return reach.reachable
    },
    close: async () => {
      await appender.close()
      closing.abort()
      await Promise.allSettled(folding.values())
    },
  }
}
