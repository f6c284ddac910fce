/** The database that a command works on; or the running service that has it, which is asked instead. */
import { join } from 'node:path'
import pino from 'pino'
import type { Config } from '../server/config.ts'
import { migrate } from '../server/database/migrate.ts'
import { openPglite } from '../server/database/pglite.ts'
import type { Database } from '../server/database/port.ts'
import { openPostgres } from '../server/database/postgres.ts'
import { acquireLock, LockedError, readLock } from '../server/lock.ts'
import type { Counters, Logger } from '../server/ports.ts'
import { Releases } from '../server/release.ts'
import type { RunningService } from './running-service.ts'

/** A command has no metrics: its report says what it did. */
export const NO_COUNTERS: Counters = { count: () => undefined }

export interface Ways<T> {
  /** Works on the database itself. */
  readonly here: (store: { readonly database: Database; readonly logger: Logger }) => Promise<T>
  /** Has the service work that holds the database. */
  readonly there: (service: RunningService) => Promise<T>
}

/**
 * Runs a command where the data is. An embedded database serves one process: if a service has it, that is asked.
 * @param connections to PostgreSQL at most
 * @throws LockedError when the process that has the database cannot be asked, DatabaseError, what the command throws
 */
export const whereTheDataIs = async <T>(config: Config, connections: number, ways: Ways<T>): Promise<T> => {
  const releases = new Releases()
  try {
    if (config.databaseUrl === null) {
      const service = lockOrService(config, releases)
      if (service !== null) return await ways.there(service)
    }
    // stdout is for the report.
    const logger = pino({ level: config.logLevel === 'info' ? 'warn' : config.logLevel }, pino.destination(2))
    const database = await open(config, connections, logger)
    releases.push(() => database.close())
    await migrate(database)
    return await ways.here({ database, logger })
  } finally {
    await releases.run()
  }
}

const lockOrService = (config: Config, releases: Releases): RunningService | null => {
  try {
    const lock = acquireLock(config.dataDir, { address: null })
    releases.push(() => lock.release())
    return null
  } catch (error) {
    const service = error instanceof LockedError ? readLock(config.dataDir) : null
    if (service === null) throw error
    return service
  }
}

const open = (config: Config, connections: number, logger: Logger): Promise<Database> =>
  config.databaseUrl === null
    ? openPglite({ dir: join(config.dataDir, 'pglite') })
    : openPostgres({ url: config.databaseUrl, pool: connections, ca: config.databaseCa, logger })
