/** Where a service keeps its pages in a test: PGlite, and every PostgreSQL of this run; and what SQL sees there. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import * as Y from 'yjs'
import { createCitusDatabase, type Worker } from './citus.ts'
import { createDatabase } from './postgres.ts'
import { type Environment, ofTest, type Scope, temporaryFolder } from './service.ts'

export interface Row {
  readonly seq: number
  readonly part: number
  readonly author: string | null
  readonly data: Uint8Array
}

export interface Store {
  readonly kind: 'pglite' | 'postgres'
  /** What the service is started with. */
  readonly env: Environment
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>
}

/** What the set-up of a run found or made, for those who open stores. */
export interface FoundPostgres {
  readonly name: string
  readonly url: string
  /** A database there that has the tables. */
  readonly template: string
  /** Where Citus distributes it: its workers, by which each database is made anew. */
  readonly workers: readonly Worker[] | null
}

export interface StoreKind {
  readonly name: string
  readonly kind: Store['kind']
  /** Opens a store with the tables and nothing in them, removed when the test ends, or `scope`. */
  open(scope?: Scope): Promise<Store>
  /** Opens a store without the tables. */
  openBare(): Promise<Store>
  /** Whether the tables that it opens are distributed by room_id. */
  readonly isDistributed: boolean
}

/** PostgreSQL databases of this run, the preferred one first. */
export const everyPostgres: readonly StoreKind[] = (
  JSON.parse(process.env.SCRIPTORIUM_TEST_POSTGRES ?? '[]') as FoundPostgres[]
).map(({ name, url, template, workers }) => ({
  name,
  kind: 'postgres',
  open: (scope) => (workers === null ? openPostgresStore(url, template, scope) : openCitusStore(url, workers, scope)),
  openBare: () => openPostgresStore(url),
  isDistributed: workers !== null,
}))

export const pgliteStore: StoreKind = {
  name: 'PGlite',
  kind: 'pglite',
  open: async (scope) => openPgliteStore(process.env.SCRIPTORIUM_TEST_PGLITE, scope),
  openBare: async () => openPgliteStore(process.env.SCRIPTORIUM_TEST_BARE_PGLITE),
  isDistributed: false,
}

/** For the suites of storage itself. */
export const everyStore: readonly StoreKind[] = [pgliteStore, ...everyPostgres]

/** The PostgreSQL for suites that need one, not each. @throws Error when the run has none */
export const anyPostgres = (): StoreKind => {
  const [first] = everyPostgres
  if (first === undefined) throw new Error('this run has no PostgreSQL')
  return first
}

const openPostgresStore = async (url: string, template?: string, scope = ofTest): Promise<Store> => {
  const database = await createDatabase(url, template)
  scope.finished(database.drop)
  return postgresStoreAt(database.url)
}

const openCitusStore = async (url: string, workers: readonly Worker[], scope = ofTest): Promise<Store> => {
  const database = await createCitusDatabase(url, workers)
  scope.finished(database.drop)
  const store = postgresStoreAt(database.url)
  return { ...store, env: { ...store.env, BATCH_ROOMS: '1' } }
}

/** The database that `url` names. */
export const postgresStoreAt = (url: string): Store => {
  // Who waits for a row asks many times: a connection each time would take longer than the answer.
  const pool = new pg.Pool({ connectionString: url, idleTimeoutMillis: 1000, allowExitOnIdle: true })
  // The server, or the database, may go before it.
  pool.on('error', () => undefined)
  return {
    kind: 'postgres',
    env: { DATABASE_URL: url, DATA_DIR: 'unused' },
    query: async <R>(text: string, values: readonly unknown[] = []) =>
      (await pool.query(text, [...values])).rows as R[],
  }
}

/** Puts a PGlite without the tables into a data folder: to create one takes four seconds, to copy one half of one. */
export const putBarePglite = (folder: string): void => putPglite(folder, process.env.SCRIPTORIUM_TEST_BARE_PGLITE)

/** Puts a PGlite with the tables into a data folder. */
export const putMigratedPglite = (folder: string): void => putPglite(folder, process.env.SCRIPTORIUM_TEST_PGLITE)

const putPglite = (folder: string, template: string | undefined): void => {
  if (template) cpSync(template, join(folder, 'pglite'), { recursive: true })
}

/** PGlite serves one process: SQL sees it only while the service is down. */
const openPgliteStore = (template: string | undefined, scope = ofTest): Store => {
  const folder = temporaryFolder('data', scope)
  putPglite(folder, template)
  return {
    kind: 'pglite',
    env: { DATA_DIR: folder },
    query: async <R>(text: string, values: readonly unknown[] = []) => {
      const database = await PGlite.create(join(folder, 'pglite'))
      try {
        return (await database.query<R>(text, [...values])).rows
      } finally {
        await database.close()
      }
    },
  }
}

/** All rows of a page, in order. */
export const rowsOf = async (store: Store, room: string): Promise<Row[]> => {
  const rows = await store.query<Row>(
    'SELECT seq::int AS seq, part, author, data FROM scriptorium.update WHERE room_id = $1 ORDER BY seq, part',
    [room],
  )
  return rows.map((row) => ({ ...row, data: new Uint8Array(row.data) }))
}

/** The page as snapshot and later rows say, folded in a document. */
export const foldOf = async (store: Store, room: string): Promise<Y.Doc> => {
  const rows = await store.query<{ data: Uint8Array }>(
    `SELECT data FROM (
       SELECT s.seq, -1 AS part, s.data FROM scriptorium.room r
       JOIN scriptorium.snapshot s ON s.room_id = r.room_id AND s.seq = r.snapshot_seq WHERE r.room_id = $1
       UNION ALL
       SELECT u.seq, u.part, u.data FROM scriptorium.room r
       JOIN scriptorium.update u ON u.room_id = r.room_id AND u.seq > r.snapshot_seq WHERE r.room_id = $1
     ) AS rows ORDER BY seq, part`,
    [room],
  )
  const doc = new Y.Doc()
  if (rows.length > 0) Y.applyUpdate(doc, Y.mergeUpdates(rows.map((row) => new Uint8Array(row.data))))
  return doc
}
