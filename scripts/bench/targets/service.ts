/** The service, as `npm start` runs it, in a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchDatabase } from '../database.ts'
import type { Dialect } from '../load/wire.ts'
import { command } from '../paths.ts'
import { startProcess } from '../processes.ts'
import { startProgram } from './program.ts'
import type { Target } from './target.ts'

export interface ServiceSettings {
  /** Null: embedded PGlite, in one temporary folder for all starts; `dataDir` names it. */
  readonly database: BenchDatabase | null
  readonly dataDir: string
  /** Whether clients speak as stock ones do, without acknowledgement. */
  readonly stock: boolean
  /** Settings beside these. */
  readonly env?: Readonly<Record<string, string>>
}

const ROWS = 'SELECT room_id AS name, data FROM scriptorium.update WHERE room_id = ANY($1)'

/** Peers slow nobody down, so what is measured is the service that does not either. */
export const NO_RATES = {
  RATE_SOCKET_MESSAGES: '0',
  RATE_USER_MESSAGES: '0',
  RATE_PAGE_MESSAGES: '0',
  RATE_SOCKET_BYTES: '0',
  RATE_USER_BYTES: '0',
  RATE_PAGE_BYTES: '0',
} as const

export const serviceTarget = ({ database, dataDir, stock, env = {} }: ServiceSettings): Target => {
  const dialect: Dialect = stock ? 'y-websocket' : 'scriptorium'
  const storage = database === null ? null : { url: database.url, sql: ROWS }
  const where: Record<string, string> = database === null ? { DATA_DIR: dataDir } : { DATABASE_URL: database.url }
  const names = ['Scriptorium', ...(database === null ? ['PGlite'] : []), ...(stock ? ['stock clients'] : [])]
  return {
    name: names.join(', '),
    isPeer: false,
    ability: 'writes',
    database,
    settle: async (releases) => {
      const compact = startProcess(process.execPath, [command, 'compact', '--json'], {
        cwd: dataDir,
        env: where,
        core: null,
      })
      releases.push(compact.stop)
      await compact.line(/"failed":\[\]/)
      await compact.stop()
    },
    start: async (releases, { inspected }) => {
      // Its own folder: a .env of the project must not reach what is measured.
      const cwd = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'))
      releases.push(() => rm(cwd, { recursive: true, force: true }))
      const program = {
        node: process.execPath,
        args: [command, 'serve'],
        cwd,
        env: { HOST: '127.0.0.1', PORT: '0', DEMO: 'off', LOG_LEVEL: 'warn', ...NO_RATES, ...where, ...env },
        ready: /Connect\s+(ws:\/\/\S+)/,
        endpoint: (ready: RegExpExecArray) => ({ base: ready[1] ?? '', dialect, client: null, storage }),
      }
      return startProgram(program, releases, inspected)
    },
  }
}
