/** The log over a database, below the service. */
import { onTestFinished } from 'vitest'
import { migrate } from '../../server/database/migrate.ts'
import type { Database } from '../../server/database/port.ts'
import { openLog } from '../../server/log/log.ts'
import type { LoadedRoom, Log } from '../../server/log/port.ts'
import {
  batchRooms,
  clock,
  counting,
  history,
  openDatabase,
  openThreads,
  quiet,
  random,
} from '../support/open-database.ts'
import type { Environment } from '../support/service.ts'

/** Closed when the test ends. */
export const logOver = (database: Database, rooms = batchRooms): Log => {
  const parts = { clock, random, logger: quiet, counters: counting(), history, threads: openThreads() }
  const log = openLog({ database, ...parts, batchRooms: rooms, loadsAtOnce: 2 })
  onTestFinished(() => log.close())
  return log
}

/** A database that passes all on, for a test to change a part. */
export const passing = (database: Database): Database => ({
  kind: database.kind,
  query: (text, values) => database.query(text, values),
  transaction: (work) => database.transaction(work),
  script: (text) => database.script(text),
  close: () => database.close(),
})

/** What a loaded page holds above its snapshot, by batch and part. */
export const texts = ({ tail }: LoadedRoom): string[][] =>
  tail.map(({ parts }) => parts.map((data) => new TextDecoder().decode(data)))

/** Opens a store, with the tables. */
export const open = async (store: { open(): Promise<{ env: Environment }> }): Promise<Database> => {
  const database = await openDatabase((await store.open()).env)
  await migrate(database)
  return database
}
