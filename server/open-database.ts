/** Opens the database that the settings name, with its tables as this version needs them. */
import type { Config } from './config.ts'
import { migrate } from './database/migrate.ts'
import { openPglite } from './database/pglite.ts'
import type { Database } from './database/port.ts'
import { openPostgres } from './database/postgres.ts'
import { acquireLock, type Lock } from './lock.ts'
import type { Logger } from './ports.ts'
import type { Releases } from './release.ts'

export interface Opened {
  readonly database: Database
  /** Of the data folder; null: the database is not embedded. */
  readonly lock: Lock | null
}

/** @throws LockedError, DatabaseError */
export const openDatabase = async (config: Config, logger: Logger, releases: Releases): Promise<Opened> => {
  const opened = await (config.databaseUrl === null
    ? openEmbedded(config.dataDir, releases)
    : openServer(config, config.databaseUrl, logger, releases))
  await migrate(opened.database)
  return opened
}

const openServer = async (config: Config, url: string, logger: Logger, releases: Releases): Promise<Opened> => {
  const database = await openPostgres({ url, pool: config.databasePool, ca: config.databaseCa, logger })
  releases.push(() => database.close())
  return { database, lock: null }
}

const openEmbedded = async (dataDir: string, releases: Releases): Promise<Opened> => {
  const lock = acquireLock(dataDir, { address: null })
  releases.push(() => lock.release())
  const database = await openPglite({ dir: `${dataDir}/pglite` })
  releases.push(() => database.close())
  return { database, lock }
}
