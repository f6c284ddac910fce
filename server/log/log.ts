/** The log of all pages: what the rooms write to and are loaded from. */
import pLimit from 'p-limit'
import type { Database } from '../database/port.ts'
import type { Clock, Counters, Logger, Random } from '../ports.ts'
import { JobError, type Threads } from '../threads/pool.ts'
import { Appender } from './append.ts'
import { foldRoom } from './fold.ts'
import { Keeper } from './keeper.ts'
import { loadRoom, readChanged, readChangedPortably, readWriter } from './load.ts'
import type { Folded, Log } from './port.ts'
import { Reach } from './reach.ts'
import { Readings } from './readings.ts'
import type { HistorySettings } from './windows.ts'

export interface LogParts {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  readonly threads: Threads
  readonly history: HistorySettings
  /** Rooms in one append statement; 1 for distributed databases. */
  readonly batchRooms: number
  /** Workers of one service that write beside each other, this one too; none given: it is alone. */
  readonly workers?: number
  /** Pages loaded at once; others wait their turn, so that an append always finds a connection. */
  readonly loadsAtOnce: number
}

/** Each reads a whole page, so where many pages are due at once they would hold up what is written meanwhile. */
const FOLDS_AT_ONCE = 2

/** Opens the log over a migrated database, which it does not close. */
export const openLog = (parts: LogParts): Log => {
  const { database, clock, logger, counters, threads } = parts
  const reach = new Reach(logger)
  const readings = new Readings(database, clock, parts.batchRooms)
  const loading = pLimit(parts.loadsAtOnce)
  const foldingInTurn = pLimit(FOLDS_AT_ONCE)
  const appender = new Appender({ ...parts, reach })
  const closing = new AbortController()
  const keeper = new Keeper({ ...parts, settings: parts.history })
  keeper.wake()
  const folding = new Map<string, Promise<Folded | null>>()
  const fold = (roomId: string): Promise<Folded | null> => {
    const shared = folding.get(roomId)
    if (shared !== undefined) return shared
    const { signal } = closing
    const started = foldingInTurn(() => {
      signal.throwIfAborted()
      return foldRoom(roomId, { database, threads, counters, logger, signal })
    })
      .then((folded) => {
        keeper.wake()
        return folded
      })
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
    load: (roomId) => loading(() => reach.note(() => loadRoom(database, roomId))),
    read: (roomId, from) => reach.note(() => readings.read(roomId, from)),
    changed: (known) => reach.note(() => (parts.batchRooms === 1 ? readChangedPortably : readChanged)(database, known)),
    writer: (roomId, clientId) => reach.note(() => readWriter(database, roomId, clientId)),
    append: (room) => appender.append(room),
    fold,
    drain: () => appender.drain(),
    get reachable() {
      return reach.reachable
    },
    close: async () => {
      await appender.close()
      closing.abort()
      await keeper.close()
      await Promise.allSettled(folding.values())
    },
  }
}
