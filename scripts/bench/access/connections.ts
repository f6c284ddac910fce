/** What a connection costs the service, and what it keeps of one that is idle. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { mintToken } from '../../../server/access/mint.ts'
import { Releases } from '../../../server/release.ts'
import { command } from '../paths.ts'
import { cpuMs, residentBytes } from '../proc.ts'
import { startProcess } from '../processes.ts'

const SECRET = 'a secret of the bench that is long enough'
/** Until the code is compiled a connection costs twice as much. */
const WARM = 5000
const CONNECTIONS = 3000
const IDLE = 4000
const AT_ONCE = 20
const ROOMS = 200

/** Far from every limit: what is measured is the way in. */
const NO_LIMITS = { MAX_USER_SOCKETS: '0', MAX_USER_PAGES: '0', MAX_PAGE_SOCKETS: '0', MAX_ADDRESS_SOCKETS: '0' }

export interface Connections {
  /** CPU milliseconds of the service a connection, of somebody who was not here before. */
  readonly cpuMs: number
  /** The same where each brings the token of a moment ago, as whoever opens several pages does. */
  readonly againMs: number
  /** Bytes that an idle connection keeps in it. */
  readonly idleBytes: number
}

/** @param env decides whether tokens are asked for */
export const measureConnections = async (isOpenMode: boolean): Promise<Connections> => {
  const releases = new Releases()
  try {
    const cwd = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'))
    releases.push(() => rm(cwd, { recursive: true, force: true }))
    const auth: Record<string, string> = isOpenMode ? {} : { AUTH_JWT_SECRET: SECRET }
    const env = {
      HOST: '127.0.0.1',
      PORT: '0',
      DEMO: 'off',
      LOG_LEVEL: 'warn',
      DATA_DIR: join(cwd, 'data'),
      ...NO_LIMITS,
      ...auth,
    }
    const service = startProcess(process.execPath, ['--expose-gc', command, 'serve'], { cwd, core: null, env })
    releases.push(service.stop)
    const [, base = ''] = await service.line(/Connect\s+(ws:\/\/\S+)/)
    const tokens = isOpenMode ? [] : await mintMany(CONNECTIONS + WARM)
    await connectAll(base, tokens, WARM, false)
    const before = cpuMs(service.pid) ?? 0
    await connectAll(base, tokens.slice(WARM), CONNECTIONS, false)
    const between = cpuMs(service.pid) ?? 0
    await connectAll(base, tokens.slice(WARM, WARM + 200), CONNECTIONS, false)
    const cost = (between - before) / CONNECTIONS
    const again = ((cpuMs(service.pid) ?? 0) - between) / CONNECTIONS
    const empty = residentBytes(service.pid) ?? 0
    const open = await connectAll(base, tokens, IDLE, true)
    await new Promise((resolve) => setTimeout(resolve, 6000))
    const idleBytes = ((residentBytes(service.pid) ?? 0) - empty) / IDLE
    for (const socket of open) socket.terminate()
    return { cpuMs: cost, againMs: again, idleBytes }
  } finally {
    await releases.run()
  }
}

/** A user each, as a class or a school has them. */
const mintMany = (count: number): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      mintToken({
        secret: SECRET,
        issuer: null,
        audience: null,
        sub: `user ${n}`,
        name: `User ${n}`,
        isAdmin: false,
        stories: { story: 'write' },
        pages: {},
        now: Math.floor(Date.now() / 1000),
        ttl: 3600,
      }),
    ),
  )

/** Opens `count` sockets, some at once, and closes each when the service has spoken, unless they are to stay. */
const connectAll = async (
  base: string,
  tokens: readonly string[],
  count: number,
  stay: boolean,
): Promise<WebSocket[]> => {
  const open: WebSocket[] = []
  let next = 0
  const worker = async () => {
    while (next < count) {
      const n = next++
      const token = tokens[n % Math.max(1, tokens.length)]
      const protocols = ['scriptorium.v1', ...(token === undefined ? [] : [`scriptorium.token.${token}`])]
      const socket = new WebSocket(`${base}/story/page-${n % ROOMS}`, protocols, { perMessageDeflate: false })
      await new Promise<void>((resolve, reject) => {
        socket.once('message', () => resolve())
        socket.once('close', (code, reason) => reject(new Error(`refused with ${code} ${reason}`)))
        socket.once('error', reject)
      })
      socket.removeAllListeners('close')
      if (stay) open.push(socket)
      else socket.close()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return open
}
