/** The servers measured beside ours. */
import { join } from 'node:path'
import type { BenchDatabase } from '../database.ts'
import { freePort } from '../free-port.ts'
import { installPeer, versionIn } from './install.ts'
import { type Program, startProgram } from './program.ts'
import type { Endpoint, Target } from './target.ts'

const ROWS = 'SELECT name, data FROM hocuspocus WHERE name = ANY($1)'
/** The scenarios of which a server that only sends rows is the floor. */
const JOINS: readonly string[] = ['s3', 's4', 's8']
const READY = /serves (ws:\/\/\S+)/

/** A few lines over ws that only pass on: the floor of any relay. @throws Error when npm cannot install it */
const wsRelay = async (dataDir: string, answers = false): Promise<Target> => {
  const folder = await installPeer('ws-relay')
  const name = `bare relay on ws ${await versionIn(folder, 'ws')}${answers ? ' that answers' : ''}`
  const bare = { ability: 'relays', dialect: 'relay', node: process.execPath, database: null } as const
  return peer({ ...bare, name, dataDir, folder, ...(answers ? { env: { ANSWERS: '1' } } : {}) })
}

/** A few lines over ws and pg that send rows: the floor of joining a page. @throws Error when npm cannot install it */
const wsRows = async (dataDir: string, database: BenchDatabase): Promise<Target> => {
  const folder = await installPeer('ws-rows')
  const name = `bare rows on ws ${await versionIn(folder, 'ws')}, PostgreSQL`
  const bare = { ability: 'stores', dialect: 'y-websocket', node: process.execPath } as const
  return peer({ ...bare, name, dataDir, folder, database, only: JOINS })
}

/** What most people run. @throws Error when npm cannot install it */
const yWebsocketServer = async (dataDir: string): Promise<Target> => {
  const folder = await installPeer('y-websocket-server')
  const name = `@y/websocket-server ${await versionIn(folder, '@y/websocket-server')}`
  return peer({
    name,
    ability: 'stores',
    dialect: 'y-websocket',
    dataDir,
    folder,
    node: process.execPath,
    database: null,
  })
}

/** Needs a newer Node than ours, which npm brings. @throws Error when npm cannot install it */
const hocuspocus = async (dataDir: string, database: BenchDatabase): Promise<Target> => {
  const folder = await installPeer('hocuspocus')
  const version = await versionIn(folder, '@hocuspocus/server')
  const node = join(folder, 'node_modules', 'node', 'bin', 'node')
  const name = `Hocuspocus ${version}, PostgreSQL`
  return peer({ name, ability: 'writes', dialect: 'hocuspocus', dataDir, folder, node, database })
}

export interface PeersFound {
  readonly targets: readonly Target[]
  /** By name, with the reason. */
  readonly missing: readonly string[]
}

/** What is measured beside the service. */
export interface Wanted {
  readonly peers: boolean
  /** The least that some scenarios cost. */
  readonly floor: boolean
}

/**
 * Installs the peers; those that cannot be had are named.
 * @param database null: those that need one are left out
 */
export const findPeers = async (
  database: BenchDatabase | null,
  dataDir: string,
  { peers, floor }: Wanted,
): Promise<PeersFound> => {
  const named = (name: string, make: () => Promise<Target>): [string, () => Promise<Target>] => [name, make]
  const makers: readonly [string, () => Promise<Target>][] = [
    ...(peers ? [named('bare relay on ws', () => wsRelay(dataDir))] : []),
    ...(floor ? [named('bare relay that answers', () => wsRelay(dataDir, true))] : []),
    ...(floor && database !== null ? [named('bare rows', () => wsRows(dataDir, database))] : []),
    ...(peers ? [named('@y/websocket-server', () => yWebsocketServer(dataDir))] : []),
    ...(peers && database !== null ? [named('Hocuspocus', () => hocuspocus(dataDir, database))] : []),
  ]
  const targets: Target[] = []
  const needsPostgres = [...(peers ? ['Hocuspocus'] : []), ...(floor ? ['bare rows'] : [])]
  const missing = (database === null ? needsPostgres : []).map(
    (name) => `${name}: measured on PostgreSQL, not beside PGlite`,
  )
  for (const [name, make] of makers) {
    try {
      targets.push(await make())
    } catch (error) {
      missing.push(`${name}: ${(error as Error).message}`)
    }
  }
  return { targets, missing }
}

interface Peer extends Pick<Target, 'name' | 'ability' | 'only'>, Pick<Endpoint, 'dialect'> {
  /** Where it keeps pages that it keeps in files. */
  readonly dataDir: string
  readonly folder: string
  readonly node: string
  readonly database: BenchDatabase | null
  readonly env?: Readonly<Record<string, string>>
}

const peer = ({ name, ability, only, dialect, dataDir, folder, node, database, env: more = {} }: Peer): Target => {
  const client = dialect === 'hocuspocus' ? [node, join(folder, 'client.js')] : null
  const storage = database === null ? null : { url: database.url, sql: ROWS }
  return {
    name,
    ability,
    ...(only === undefined ? {} : { only }),
    isPeer: true,
    database,
    start: async (releases, { inspected, keeps }) => {
      const env = {
        ...more,
        PORT: String(await freePort()),
        ...(database === null ? {} : { DATABASE_URL: database.url }),
        ...(keeps ? { KEEP_IN: dataDir } : {}),
      }
      const program: Program = {
        node,
        args: [join(folder, 'server.js')],
        cwd: folder,
        env,
        ready: READY,
        endpoint: (ready) => ({ base: (ready[1] ?? '').replace(/\/$/, ''), dialect, client, storage }),
      }
      return startProgram(program, releases, inspected)
    },
  }
}
