/** The database port opened in this process, for suites below the service. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openPglite } from '../../server/database/pglite.ts'
import type { Database } from '../../server/database/port.ts'
import { openPostgres } from '../../server/database/postgres.ts'
import type { Clock, CounterName, Counters, Random } from '../../server/ports.ts'
import { systemClock, systemRandom } from '../../server/system.ts'
import { ThreadPool } from '../../server/threads/pool.ts'
import { quiet } from './logger.ts'
import type { Environment } from './service.ts'
import { everyPostgres } from './stores.ts'

export { quiet }

/** Counters that a test can read. */
export const counting = (): Counters & { readonly counts: Map<CounterName, number> } => {
  const counts = new Map<CounterName, number>()
  return { counts, count: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by) }
}

export const clock: Clock = systemClock
export const random: Random = systemRandom

/** How long the history is kept in tests, as by default. */
export const history = { fullDays: 7, hourlyDays: 30, days: null }

/** Pages in one statement, as a service of this run has it. */
export const batchRooms = everyPostgres.some(({ isDistributed }) => isDistributed) ? 1 : 1000

/** Worker threads, ended when the test ends. */
export const openThreads = (threads = 1): ThreadPool => {
  const pool = new ThreadPool({ threads })
  onTestFinished(() => pool.close())
  return pool
}

/** Opens the store that a service would open with `env`; closed when the test ends. */
export const openDatabase = async (env: Environment): Promise<Database> => {
  const url = env.DATABASE_URL
  const database =
    url === undefined
      ? await openPglite({ dir: join(env.DATA_DIR ?? '', 'pglite') })
      : await openPostgres({ url, pool: 4, ca: null, logger: quiet })
  onTestFinished(() => database.close())
  return database
}
