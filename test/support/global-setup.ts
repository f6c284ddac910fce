/** Brings real PostgreSQLs for the whole run: the one given or an embedded one, and one that answers on the usual port. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { migrate } from '../../server/database/migrate.ts'
import { openPglite } from '../../server/database/pglite.ts'
import { openPostgres } from '../../server/database/postgres.ts'
import { citusWorkers } from './citus.ts'
import { leaveOut } from './left-out.ts'
import { quiet } from './logger.ts'
import { createDatabase, createPostgres } from './postgres.ts'
import { isFull } from './size.ts'
import type { FoundPostgres } from './stores.ts'

/** Users a PostgreSQL on this machine may let in without a password. */
const TRUSTED = ['postgres', 'root']
const USUAL_PORT = 5432

const setup = async (): Promise<() => Promise<void>> => {
  const releases: (() => Promise<void>)[] = []
  const release = async () => {
    for (const one of releases.reverse()) await one()
  }
  const made = [findPostgres(releases), createPglites(releases)] as const
  try {
    // Where one fails, what the other makes is removed too.
    await Promise.allSettled(made)
    const [found, { bare, migrated }] = await Promise.all(made)
    if (!isFull) leaveOut('history, restore, the HTTP API and forgetting a person on PGlite: npm run test:full')
    process.env.SCRIPTORIUM_TEST_POSTGRES = JSON.stringify(found)
    process.env.SCRIPTORIUM_TEST_BARE_PGLITE = bare
    process.env.SCRIPTORIUM_TEST_PGLITE = migrated
    return release
  } catch (error) {
    await release()
    throw error
  }
}

/** The databases of this run, the preferred one first. */
const findPostgres = async (releases: (() => Promise<void>)[]): Promise<FoundPostgres[]> => {
  const given = process.env.TEST_DATABASE_URL
  const own = given ? null : await createPostgres()
  if (own !== null) releases.push(() => own.remove())
  const first = await prepare(own === null ? 'given' : 'embedded', own?.url ?? given ?? '', releases)
  const system = await systemPostgres()
  if (system === null) {
    leaveOut(`a second PostgreSQL: none answers on 127.0.0.1:${USUAL_PORT}`)
    return [first]
  }
  if (!isFull)
    leaveOut(`what is shown on each database, but for storage, on that of 127.0.0.1:${USUAL_PORT}: npm run test:full`)
  return [first, await prepare('system', system, releases)]
}

/** Makes a database with the tables, of which the suites get copies. @throws Error when that cannot be done */
const prepare = async (kind: string, url: string, releases: (() => Promise<void>)[]): Promise<FoundPostgres> => {
  const version = await majorVersion(url)
  const template = await createDatabase(url)
  releases.push(template.drop)
  const database = await openPostgres({ url: template.url, pool: 1, ca: null, logger: quiet })
  try {
    await migrate(database)
  } finally {
    await database.close()
  }
  const workers = await citusWorkers(url)
  return { name: `${kind}${version}${workers === null ? '' : ', Citus'}`, url, template: template.name, workers }
}

/** A PGlite as it is created and one with the tables, which the suites copy. @returns their folders */
const createPglites = async (
  releases: (() => Promise<void>)[],
): Promise<{ readonly bare: string; readonly migrated: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'scriptorium-pglite-'))
  releases.push(() => rm(folder, { recursive: true, force: true }))
  const bare = join(folder, 'bare')
  const migrated = join(folder, 'migrated')
  const created = await PGlite.create(bare)
  await created.close()
  await cp(bare, migrated, { recursive: true })
  const database = await openPglite({ dir: migrated })
  try {
    await migrate(database)
  } finally {
    await database.close()
  }
  return { bare, migrated }
}

const systemPostgres = async (): Promise<string | null> => {
  for (const user of TRUSTED) {
    const url = `postgres://${user}@127.0.0.1:${USUAL_PORT}/postgres`
    try {
      await majorVersion(url)
      return url
    } catch (error) {
      if (!(error instanceof Error)) throw error
    }
  }
  return null
}

/** @throws Error when no connection can be made, or databases may not be created */
const majorVersion = async (url: string): Promise<number> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 })
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT current_setting('server_version_num')::int / 10000 AS major, rolcreatedb OR rolsuper AS may_create
       FROM pg_roles WHERE rolname = current_user`,
    )
    if (rows[0].may_create !== true) throw new Error(`${new URL(url).username} may not create databases`)
    return rows[0].major
  } finally {
    await client.end()
  }
}

export default setup
