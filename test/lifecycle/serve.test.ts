import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { putBarePglite, putMigratedPglite } from '../support/stores.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Run {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves with the match once the output has it. @throws when the process ends before */
  says(pattern: RegExp): Promise<RegExpMatchArray>
  readonly ended: Promise<{ code: number | null; signal: string | null }>
}

let dir: string
let runs: Run[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'scriptorium-serve-'))
  runs = []
})

afterEach(async () => {
  for (const { child } of runs) killGroup(child)
  await Promise.all(runs.map(({ ended }) => ended))
  rmSync(dir, { recursive: true, force: true })
})

/** A run leads a group of its own, so that what npm started ends with it. */
const killGroup = (child: ChildProcess): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const run = (command: string, args: readonly string[], env: Record<string, string> = {}): Run => {
  const { DATABASE_URL: _, npm_lifecycle_event: __, ...inherited } = process.env
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...inherited, DATA_DIR: dir, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  const heard = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      for (const tell of heard) tell()
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  const says = (pattern: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const look = () => {
        const match = output.match(pattern)
        if (match !== null) resolve(match)
      }
      heard.add(look)
      look()
      void ended.then(() => reject(new Error(`ended without saying ${pattern}:\n${output}`)))
    })
  const started = { child, output: () => output, says, ended }
  runs.push(started)
  return started
}

const serve = (env: Record<string, string> = {}) => run(process.execPath, ['scripts/scriptorium.js', 'serve'], env)

const addressOf = async (service: Run): Promise<string> => (await service.says(/Editor\s+(http:\/\/\S+)\//))[1] ?? ''

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 1
}

/** A client that opens a socket and answers nothing, not even a close frame. */
const muteClient = async (address: string): Promise<{ close(): void }> => {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  const key = Buffer.alloc(16, 1).toString('base64')
  socket.write(
    `GET /collab/s/p HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  await once(socket, 'data')
  return { close: () => socket.destroy() }
}

describe('the service', () => {
  it('says where to connect, where the data lies, and what PGlite does not survive', async () => {
    const service = serve()
    const address = await addressOf(service)
    for (const words of [`ws://${new URL(address).host}/collab`, dir, 'one process', 'loss of power', 'open']) {
      expect(service.output()).toContain(words)
    }
    expect((await fetch(`${address}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${address}/readyz`)).json()).toEqual({ status: 'ready', database: 'reachable' })
  })

  it('refuses a second process on the same folder, by name', async () => {
    putMigratedPglite(dir)
    const first = serve()
    const address = await addressOf(first)
    const second = serve()
    expect(await second.ended).toEqual({ code: 1, signal: null })
    for (const words of [String(first.child.pid), address, dir]) expect(second.output()).toContain(words)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('drains on %s: clients are told 1012, the exit code is 0', async (signal) => {
    putMigratedPglite(dir)
    const service = serve()
    const client = new WebSocket(`${(await addressOf(service)).replace('http', 'ws')}/collab/s/p`)
    await once(client, 'open')
    const closed = once(client, 'close')
    service.child.kill(signal)
    expect((await closed)[0]).toBe(1012)
    expect(await service.ended).toEqual({ code: 0, signal: null })
  })

  it('exits at once with 1 on a second signal', async () => {
    putMigratedPglite(dir)
    const service = serve({ SHUTDOWN_GRACE_MS: '60000' })
    const client = await muteClient(await addressOf(service))
    service.child.kill('SIGTERM')
    await service.says(/draining/)
    service.child.kill('SIGTERM')
    expect(await service.ended).toEqual({ code: 1, signal: null })
    client.close()
  })

  it('started by npm start ends with 0 when npm is told to end', async () => {
    putMigratedPglite(dir)
    const npm = run('npm', ['start'])
    await addressOf(npm)
    npm.child.kill('SIGTERM')
    expect(await npm.ended).toEqual({ code: 0, signal: null })
    expect(npm.output()).toContain('"ended"')
  })

  it('names every bad setting at once', async () => {
    const service = serve({ PORT: 'x', HOST: '0.0.0.0', MAX_UPDATE: '1', AUTH_JWT_SECRET: 'secret-words' })
    expect(await service.ended).toEqual({ code: 1, signal: null })
    for (const words of ['PORT', 'MAX_UPDATE_BYTES', 'AUTH_JWT_SECRET is shorter']) {
      expect(service.output()).toContain(words)
    }
    expect(service.output()).not.toContain('secret-words')
  })

  it('goes on trying a database that is not reachable, ends quietly when told, and never prints the password', async () => {
    const port = await freePort()
    const service = serve({ DATABASE_URL: `postgres://ana:hunter2@127.0.0.1:${port}/stories` })
    await service.says(/next try in 0\.5 s[\s\S]*next try in 1 s[\s\S]*next try in 2 s/)
    service.child.kill('SIGTERM')
    expect(await service.ended).toEqual({ code: 0, signal: null })
    expect(service.output()).toMatch(
      new RegExp(`127\\.0\\.0\\.1:${port}\\b.* is not reachable: .*ECONNREFUSED.*, until \\d\\d:\\d\\d:\\d\\d UTC`),
    )
    for (const words of ['hunter2', 'failure', 'cannot start']) expect(service.output()).not.toContain(words)
  })

  it('says once that its port is in use, and what to do', async () => {
    putMigratedPglite(dir)
    putMigratedPglite(join(dir, 'second'))
    const { port } = new URL(await addressOf(serve()))
    const second = serve({ PORT: port, DATA_DIR: join(dir, 'second') })
    expect(await second.ended).toEqual({ code: 1, signal: null })
    expect(second.output().match(/in use/g)).toHaveLength(1)
    expect(second.output()).toMatch(new RegExp(`port ${port} [\\s\\S]*PORT=`))
    expect(second.output()).not.toMatch(/PGlite|EADDRINUSE/)
  })
})

describe('the command line', () => {
  const command = (...args: string[]) => run(process.execPath, ['scripts/scriptorium.js', ...args])

  it('lists the commands when it does not know one, and ends with 2', async () => {
    const unknown = command('scribble')
    expect(await unknown.ended).toEqual({ code: 2, signal: null })
    for (const name of ['serve', 'migrate', 'bench']) expect(unknown.output()).toContain(name)
  })

  it.each(['serve', 'migrate', 'bench'])('%s --help says how it is used', async (name) => {
    const help = command(name, '--help')
    expect(await help.ended).toEqual({ code: 0, signal: null })
    expect(help.output()).toMatch(new RegExp(`^Usage: .*\\b${name}\\b`, 'm'))
  })

  it('serve --help names the settings and their defaults', async () => {
    const help = command('serve', '--help')
    await help.ended
    expect(help.output()).toMatch(/^ {2}PORT +.*\[1234]$/m)
    expect(help.output()).toMatch(/^ {2}MAX_PAGE_BYTES +one page \[67108864]$/m)
  })

  it('token says what is missing, and warns where it grants nothing', async () => {
    const mint = (args: readonly string[], env = {}) =>
      run(process.execPath, ['scripts/scriptorium.js', 'token', '--sub', 'ana', ...args], env)
    const without = mint([])
    expect((await without.ended).code).toBe(2)
    expect(without.output()).toContain('set AUTH_JWT_SECRET')
    const secret = { AUTH_JWT_SECRET: 'x'.repeat(32) }
    const idle = mint([], secret)
    expect((await idle.ended).code).toBe(0)
    expect(idle.output()).toContain('it grants nothing')
    const useful = mint(['--story', 's=write'], secret)
    expect((await useful.ended).code).toBe(0)
    expect(useful.output()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  })

  it('migrate leaves tables behind that the service starts on', async () => {
    putBarePglite(dir)
    const migrate = command('migrate', '--json')
    expect(await migrate.ended).toEqual({ code: 0, signal: null })
    expect(JSON.parse(migrate.output())).toMatchObject({ ok: true })
    await addressOf(serve())
  })
})
