/** Services of several processes, under test: started on one core, with the process ids of all of them. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { highest } from '../../../server/cluster/rendezvous.ts'
import type { Releases } from '../../../server/release.ts'
import { serverCore } from '../cores.ts'
import { freePort } from '../free-port.ts'
import { command } from '../paths.ts'
import { cpuMs } from '../proc.ts'
import { startProcess } from '../processes.ts'
import { NO_RATES } from '../targets/service.ts'

export interface Measured {
  /** WebSocket address below which rooms lie. */
  readonly base: string
  /** Of all its processes. */
  readonly pids: readonly number[]
}

const UNLIMITED = { ...NO_RATES, MAX_USER_PAGES: '0', MAX_USER_SOCKETS: '0' }
const NODE_SECRET = 'a secret of the bench, long enough for nodes'
/** Nodes look for each other once a second. */
const KNOWN_MS = 3000

/** Starts one service. */
export const startOne = async (
  database: string,
  env: Readonly<Record<string, string>>,
  releases: Releases,
): Promise<Measured> => {
  const cwd = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'))
  releases.push(() => rm(cwd, { recursive: true, force: true }))
  const all = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'warn', DATABASE_URL: database, ...UNLIMITED, ...env }
  const service = startProcess(process.execPath, [command, 'serve'], { cwd, env: all, core: serverCore })
  releases.push(service.stop)
  const [, base = ''] = await service.line(/Connect\s+(ws:\/\/\S+)/)
  return { base, pids: [service.pid, ...childrenOf(service.pid)] }
}

/** Starts two nodes that know each other. @returns them with the way in that is not the owner of `room`, and the owner's */
export const startTwo = async (
  database: string,
  room: string,
  releases: Releases,
): Promise<{ readonly direct: Measured; readonly piped: Measured }> => {
  const urls = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`)
  const nodes = await Promise.all(
    urls.map((url) => startOne(database, { PORT: new URL(url).port, NODE_URL: url, NODE_SECRET }, releases)),
  )
  await new Promise((resolve) => setTimeout(resolve, KNOWN_MS))
  const pids = nodes.flatMap((node) => node.pids)
  const owner = urls.indexOf(highest(room, urls) ?? '')
  return {
    direct: { base: nodes[owner]?.base ?? '', pids },
    piped: { base: nodes[1 - owner]?.base ?? '', pids },
  }
}

/** CPU milliseconds of all processes. */
export const cpuOf = ({ pids }: Measured): number => pids.reduce((sum, pid) => sum + (cpuMs(pid) ?? 0), 0)

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
