/** What a connection costs the service, and what it keeps of one that is idle. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Releases } from '../../../server/release.ts'
import { connectInspector, type Inspector } from '../inspector.ts'
import { command } from '../paths.ts'
import { cpuMs, residentBytes } from '../proc.ts'
import { startProcess } from '../processes.ts'
import { releasing } from '../releasing.ts'
import { type Spread, spreadOf } from '../statistics.ts'
import { dial, mintMany, SECRET } from './dial.ts'

/** Until the code is compiled a connection costs twice as much. */
const WARM = 4000
const ROUNDS = 9
const IN_A_ROUND = 1000
/** So many bring tokens of a moment ago, in turn. */
const KNOWN = 200
const IDLE = 4000
/** So many make a service ready to be looked at. */
const FIRST = 400

/** Far from every limit: what is measured is the way in. */
const NO_LIMITS = { MAX_USER_SOCKETS: '0', MAX_USER_PAGES: '0', MAX_PAGE_SOCKETS: '0', MAX_ADDRESS_SOCKETS: '0' }

export interface Connections {
  /** CPU milliseconds of a connection in open mode. */
  readonly openMs: Spread
  /** How many times that one costs with a token, of somebody who was not here before. */
  readonly firstTimes: Spread
  /** The same where each brings the token of a moment ago, as whoever opens several pages does. */
  readonly againTimes: Spread
  /** Bytes that an idle connection keeps, in open mode and with a token. */
  readonly idleBytes: readonly [open: number, token: number]
}

interface Service {
  readonly pid: number
  readonly inspector: Inspector
  readonly base: string
}

/** Two services side by side take turns, so that a machine that slows down slows both. @throws Error when one refuses */
export const measureConnections = async (): Promise<Connections> => {
  return releasing(async (releases) => {
    const open = await startService({}, releases)
    const guarded = await startService({ AUTH_JWT_SECRET: SECRET }, releases)
    const tokens = await mintMany(WARM + ROUNDS * IN_A_ROUND)
    // While the services are young: later what sockets left behind hides what new ones keep.
    const idleBytes = [await idleBytesOf(open, []), await idleBytesOf(guarded, tokens)] as const
    await dial(open.base, [], WARM)
    await dial(guarded.base, tokens, WARM)
    const rounds: { openMs: number; firstMs: number; againMs: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const fresh = tokens.slice(WARM + round * IN_A_ROUND, WARM + (round + 1) * IN_A_ROUND)
      rounds.push({
        openMs: await costOf(open, []),
        firstMs: await costOf(guarded, fresh),
        againMs: await costOf(guarded, fresh.slice(-KNOWN)),
      })
    }
    return {
      openMs: middle(rounds.map(({ openMs }) => openMs)),
      firstTimes: middle(rounds.map(({ openMs, firstMs }) => firstMs / openMs)),
      againTimes: middle(rounds.map(({ openMs, againMs }) => againMs / openMs)),
      idleBytes,
    }
  })
}

const startService = async (auth: Readonly<Record<string, string>>, releases: Releases): Promise<Service> => {
  const cwd = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'))
  releases.push(() => rm(cwd, { recursive: true, force: true }))
  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    DEMO: 'off',
    LOG_LEVEL: 'warn',
    DATA_DIR: join(cwd, 'data'),
    ...NO_LIMITS,
    ...auth,
  }
  const args = ['--inspect=127.0.0.1:0', command, 'serve']
  const service = startProcess(process.execPath, args, { cwd, core: null, env })
  releases.push(service.stop)
  const [, url = ''] = await service.line(/Debugger listening on (ws:\/\/\S+)/)
  const inspector = await connectInspector(url)
  releases.push(inspector.close)
  const [, base = ''] = await service.line(/Connect\s+(ws:\/\/\S+)/)
  return { pid: service.pid, base, inspector }
}

/** CPU milliseconds a connection. */
const costOf = async ({ pid, base }: Service, tokens: readonly string[]): Promise<number> => {
  const before = cpuMs(pid) ?? 0
  await dial(base, tokens, IN_A_ROUND)
  return ((cpuMs(pid) ?? 0) - before) / IN_A_ROUND
}

const idleBytesOf = async ({ pid, base, inspector }: Service, tokens: readonly string[]): Promise<number> => {
  const resident = async (): Promise<number> => {
    await inspector.liveBytes()
    return residentBytes(pid) ?? 0
  }
  await dial(base, tokens, FIRST)
  const empty = await resident()
  const sockets = await dial(base, tokens, IDLE, true)
  const bytes = ((await resident()) - empty) / IDLE
  for (const socket of sockets) socket.terminate()
  return bytes
}

const middle = (values: readonly number[]): Spread => spreadOf(values) as Spread
