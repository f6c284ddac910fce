/** `scriptorium migrate`: creates or updates the tables, then ends. For roles that may not do so at the start of the service. */
import { join } from 'node:path'
import pino from 'pino'
import { type Config, ConfigError } from '../server/config.ts'
import { migrate, newestMigration } from '../server/database/migrate.ts'
import { openPglite } from '../server/database/pglite.ts'
import type { Database } from '../server/database/port.ts'
import { openPostgres } from '../server/database/postgres.ts'
import { loadConfig } from '../server/environment.ts'
import { databaseName, withoutSecrets } from '../server/greeting.ts'
import { acquireLock, readLock, type Serving } from '../server/lock.ts'
import { Releases } from '../server/release.ts'

const USAGE = `Usage: scriptorium migrate [--json]

Creates or updates the tables of the database that the settings name, then ends.
Safe while a service runs on the same PostgreSQL, and when two start at once. A service that has the embedded
database has done it at its start: then there is nothing to do.

  --json   one line of JSON for machines
`

/** Runs the command; its exit code is 0 only when the tables are up to date. */
export const run = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(USAGE)
  const unknown = args.filter((arg) => arg !== '--json')
  if (unknown.length > 0) {
    process.stderr.write(`migrate does not know '${unknown.join(' ')}'.\n\n${USAGE}`)
    process.exitCode = 2
    return
  }
  const say = args.includes('--json') ? sayJson : sayWords
  let config: Config | null = null
  try {
    config = loadConfig(process.cwd(), process.env)
    const serving = config.databaseUrl === null ? upToDate(config.dataDir) : null
    const applied = serving === null ? await migrateAt(config) : []
    say({ ok: true, database: databaseName(config), applied, ...(serving === null ? {} : { serving: whoOf(serving) }) })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    say({
      ok: false,
      reason: config === null || error instanceof ConfigError ? reason : withoutSecrets(reason, config),
    })
    process.exitCode = 1
  }
}

const whoOf = ({ pid, address }: Serving): string => `process ${pid} at ${address}`

/**
 * The service that has the embedded database, with tables that this code can use; null: none has it.
 * @throws Error where its tables are older
 */
const upToDate = (dataDir: string): Serving | null => {
  const serving = readLock(dataDir)
  const wanted = newestMigration()
  if (serving === null || (serving.tables !== null && serving.tables >= wanted)) return serving
  throw new Error(
    `${dataDir} is in use by ${whoOf(serving)}, another version: its tables end with ${serving.tables ?? 'an older migration'}, this version needs ${wanted}. Stop that process and start this version, which brings them up to date by itself`,
  )
}

/** @returns the names of the migrations applied now */
const migrateAt = async (config: Config): Promise<string[]> => {
  const releases = new Releases()
  try {
    const database = await open(config, releases)
    return await migrate(database)
  } finally {
    await releases.run()
  }
}

const open = async (config: Config, releases: Releases): Promise<Database> => {
  if (config.databaseUrl === null) {
    const lock = acquireLock(config.dataDir, { address: null })
    releases.push(() => lock.release())
  }
  const logger = pino({ level: config.logLevel }, pino.destination(2))
  const database =
    config.databaseUrl === null
      ? await openPglite({ dir: join(config.dataDir, 'pglite') })
      : await openPostgres({ url: config.databaseUrl, pool: 1, ca: config.databaseCa, logger })
  releases.push(() => database.close())
  return database
}

type Ending =
  | {
      readonly ok: true
      readonly database: string
      readonly applied: readonly string[]
      /** Who has the embedded database, and has migrated it. */
      readonly serving?: string
    }
  | { readonly ok: false; readonly reason: string }

const sayJson = (ending: Ending): void => void process.stdout.write(`${JSON.stringify(ending)}\n`)

const sayWords = (ending: Ending): void => {
  if (!ending.ok) return void process.stderr.write(`migrate: ${ending.reason}\n`)
  for (const name of ending.applied) process.stdout.write(`  applied ${name}\n`)
  const by = ending.serving === undefined ? '' : ` ${ending.serving} has it, and saw to that when it started.`
  process.stdout.write(`The tables are up to date: ${ending.database}.${by}\n`)
}
