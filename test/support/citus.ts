/** Databases on a PostgreSQL with Citus: their tables lie in shards on its workers, as `scripts/deploy/citus.sql` puts them. */
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { migrate } from '../../server/database/migrate.ts'
import { openPostgres } from '../../server/database/postgres.ts'
import { quiet } from './logger.ts'
import { createDatabase } from './postgres.ts'

const DISTRIBUTE = readFileSync(new URL('../../scripts/deploy/citus.sql', import.meta.url), 'utf8')
/** For each table, not the 32 that are usual: each shard is a table to make and to drop. */
const SHARDS = 4

export interface Worker {
  readonly host: string
  readonly port: number
}

/** The workers of the Citus that has the database of `url`, the coordinator left out; null: it has none. */
export const citusWorkers = async (url: string): Promise<readonly Worker[] | null> => {
  const [found] = await rowsOf<{ found: boolean }>(
    url,
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS found`,
  )
  if (found?.found !== true) return null
  return rowsOf<Worker>(
    url,
    `SELECT nodename AS host, nodeport AS port FROM pg_dist_node
     WHERE groupid <> 0 AND noderole = 'primary' AND isactive ORDER BY nodeid`,
  )
}

/** Creates a database there and on each worker, with the tables in shards and nothing in them. */
export const createCitusDatabase = async (
  url: string,
  workers: readonly Worker[],
): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> => {
  const { host, hostname, port } = new URL(url)
  const coordinator = await createDatabase(url)
  const elsewhere = workers.map((worker) => at(url, worker))
  const drop = async () => {
    await coordinator.drop()
    for (const worker of elsewhere) await rowsOf(worker, `DROP DATABASE IF EXISTS ${coordinator.name} WITH (FORCE)`)
  }
  try {
    await rowsOf(coordinator.url, `ALTER DATABASE ${coordinator.name} SET citus.shard_count = ${SHARDS}`)
    await rowsOf(coordinator.url, 'CREATE EXTENSION citus')
    for (const worker of elsewhere) {
      await rowsOf(worker, `CREATE DATABASE ${coordinator.name}`)
      await rowsOf(named(worker, coordinator.name), 'CREATE EXTENSION citus')
    }
    await rowsOf(coordinator.url, 'SELECT citus_set_coordinator_host($1, $2)', [hostname, Number(port)])
    await inTurn(url, async () => {
      for (const worker of workers) {
        await rowsOf(coordinator.url, 'SELECT citus_add_node($1, $2)', [worker.host, worker.port])
      }
    })
    const database = await openPostgres({ url: coordinator.url, pool: 1, ca: null, logger: quiet })
    try {
      await migrate(database)
      await database.script(DISTRIBUTE)
    } finally {
      await database.close()
    }
  } catch (error) {
    await drop()
    throw new Error(`${host} did not make a distributed database`, { cause: error })
  }
  return { url: coordinator.url, drop }
}

const TURN = 8_000_002

/** A node that is added is told of all roles: two that do so at once fail at the same row, whatever their databases. */
const inTurn = async (url: string, work: () => Promise<void>): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [TURN])
    await work()
  } finally {
    await client.end()
  }
}

const at = (url: string, { host, port }: Worker): string => {
  const worker = new URL(url)
  worker.hostname = host
  worker.port = String(port)
  return worker.href
}

const named = (url: string, name: string): string => {
  const database = new URL(url)
  database.pathname = `/${name}`
  return database.href
}

const rowsOf = async <Row>(url: string, text: string, values: readonly (string | number)[] = []): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows as Row[]
  } finally {
    await client.end()
  }
}
