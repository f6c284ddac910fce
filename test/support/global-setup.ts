/** Brings real PostgreSQLs for the whole run: the one given or an embedded one, and one that answers on the usual port. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { leaveOut } from './left-out.ts'
import { createPostgres } from './postgres.ts'

/** Users a PostgreSQL on this machine may let in without a password. */
const TRUSTED = ['postgres', 'root']
const USUAL_PORT = 5432

const setup = async (): Promise<() => Promise<void>> => {
  const found: string[] = []
  const given = process.env.TEST_DATABASE_URL
  const own = given ? null : await createPostgres()
  if (given) found.push(`given${await majorVersion(given)}=${given}`)
  if (own !== null) found.push(`embedded${await majorVersion(own.url)}=${own.url}`)
  const system = await systemPostgres()
  if (system !== null && process.env.SCRIPTORIUM_TEST_FULL !== '1')
    leaveOut(`suites other than storage on the PostgreSQL of 127.0.0.1:${USUAL_PORT}: npm run test:full`)
  if (system === null) leaveOut(`a second PostgreSQL: none answers on 127.0.0.1:${USUAL_PORT}`)
  else found.push(`system${await majorVersion(system)}=${system}`)
  process.env.SCRIPTORIUM_TEST_POSTGRES = found.join(',')
  const template = await createPglite()
  process.env.SCRIPTORIUM_TEST_PGLITE = template
  return async () => {
    await rm(template, { recursive: true, force: true })
    await own?.remove()
  }
}

/** An empty PGlite, which the suites copy. @returns its folder */
const createPglite = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'scriptorium-pglite-'))
  const database = await PGlite.create(folder)
  await database.close()
  return folder
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
