/** The servers measured beside ours. */
import { join } from 'node:path'
import type { BenchDatabase } from '../database.ts'
import { freePort } from '../free-port.ts'
import { installPeer, versionIn } from './install.ts'
import { type Program, startProgram } from './program.ts'
import type { Endpoint, Target } from './target.ts'

const ROWS = 'SELECT name, data FROM hocuspocus WHERE name = ANY($1)'
const READY = /serves (ws:\/\/\S+)/

/** A few lines over ws that only pass on: the floor of any relay. @throws Error when npm cannot install it */
const wsRelay = async (dataDir: string, answers = false): Promise<Target> => {
  const folder = await installPeer('ws-relay')
  const name = `bare relay on ws ${await versionIn(folder, 'ws')}${answers ? ' that answers' : ''}`
  const bare = { ability: 'relays', dialect: 'relay', node: process.execPath, database: null } as const
  return peer({ ...bare, name, dataDir, folder, ...(answers ? { env: { ANSWERS: '1' } } : {}) })
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

/**
 * Installs the peers; those that cannot be had are named.
 * @param database null: the peers that need one are left out
 * @param answering also the floor of whoever acknowledges
 */
export const findPeers = async (
  database: BenchDatabase | null,
  dataDir: string,
  answering: boolean,
): Promise<PeersFound> => {
  const named = (name: string, make: () => Promise<Target>): [string, () => Promise<Target>] => [name, make]
  const makers: readonly [string, () => Promise<Target>][] = [
    named('bare relay on ws', () => wsRelay(dataDir)),
    ...(answering ? [named('bare relay that answers', () => wsRelay(dataDir, true))] : []),
    named('@y/websocket-server', () => yWebsocketServer(dataDir)),
    ...(database === null ? [] : [named('Hocuspocus', () => hocuspocus(dataDir, database))]),
  ]
  const targets: Target[] = []
  const missing: string[] = database === null ? ['Hocuspocus: it is measured on PostgreSQL, not beside PGlite'] : []
  for (const [name, make] of makers) {
    try {
      targets.push(await make())
    } catch (error) {
      missing.push(`${name}: ${(error as Error).message}`)
    }
  }
  return { targets, missing }
}

interface Peer extends Pick<Target, 'name' | 'ability'>, Pick<Endpoint, 'dialect'> {
  /** Where it keeps pages that it keeps in files. */
  readonly dataDir: string
  readonly folder: string
  readonly node: string
  readonly database: BenchDatabase | null
  readonly env?: Readonly<Record<string, string>>
}

const peer = ({ name, ability, dialect, dataDir, folder, node, database, env: more = {} }: Peer): Target => {
  const client = dialect === 'hocuspocus' ? [node, join(folder, 'client.js')] : null
  const storage = database === null ? null : { url: database.url, sql: ROWS }
  return {
    name,
    ability,
    isPeer: true,
    databasePids: async () => database?.pids() ?? [],
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
