/** The real service as a child process, ended by its own pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFailed, onTestFinished } from 'vitest'

const COMMAND = fileURLToPath(new URL('../../scripts/scriptorium.js', import.meta.url))
const KEPT_LOG = 200_000
const SHOWN_LOG = 4000

export type Environment = Readonly<Record<string, string>>
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Service {
  readonly pid: number
  /** http://127.0.0.1:<port> */
  readonly address: string
  /** What a stock provider is given as its server. */
  readonly collab: string
  readonly ended: Promise<Ended>
  /** The end of all that it printed. */
  log(): string
  /** Resident memory in bytes. */
  memory(): number
  signal(signal: NodeJS.Signals): void
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Ended>
  /** SIGTERM. @throws Error when it does not end with 0 */
  stop(): Promise<void>
}

export interface Process {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  log(): string
}

/** How long something lasts. */
export interface Scope {
  /** Calls `task` at the end. */
  finished(task: () => unknown): void
  /** Calls `task` when something failed. */
  failed(task: () => unknown): void
}

/** As long as the test that is running. */
export const ofTest: Scope = {
  finished: (task) => onTestFinished(async () => void (await task())),
  failed: (task) => onTestFailed(async () => void (await task())),
}

/** A folder that lasts as long as the test. */
export const temporaryFolder = (name: string, scope = ofTest): string => {
  const folder = mkdtempSync(join(tmpdir(), `scriptorium-${name}-`))
  scope.finished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs `serve` without waiting for it to listen; killed when the test ends. */
export const runServe = (env: Environment, scope = ofTest, command = COMMAND): Process => {
  const { DATABASE_URL: _url, PORT: _port, DATA_DIR: _dir, npm_lifecycle_event: _npm, ...inherited } = process.env
  // A folder of its own: a .env of the project must not reach it.
  const child = spawn(process.execPath, [command, 'serve'], {
    cwd: temporaryFolder('cwd', scope),
    env: { ...inherited, HOST: '127.0.0.1', PORT: '0', DEMO: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      log = (log + bytes.toString()).slice(-KEPT_LOG)
    })
  }
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }))
  scope.failed(() => {
    process.stderr.write(`--- service ${child.pid} said last:\n${log.slice(-SHOWN_LOG)}\n`)
  })
  scope.finished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return { child, ended, log: () => log }
}

/** For suites that write faster than people do. */
export const AT_FULL_SPEED: Environment = {
  RATE_SOCKET_MESSAGES: '0',
  RATE_SOCKET_BYTES: '0',
  RATE_PAGE_MESSAGES: '0',
  RATE_PAGE_BYTES: '0',
}

/**
 * Starts the service and waits until it listens.
 * @param command the program; another one than this build's
 * @throws Error with its words when it ends instead
 */
export const startService = async (env: Environment, scope = ofTest, command = COMMAND): Promise<Service> => {
  const running = runServe(env, scope, command)
  const { child, ended } = running
  const address = await addressOf(running)
  const pid = child.pid ?? 0
  const kill = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return ended
  }
  return {
    pid,
    address,
    collab: `${address.replace('http', 'ws')}/collab`,
    ended,
    log: running.log,
    memory: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    signal: (signal) => child.kill(signal),
    kill,
    stop: async () => {
      const { code, signal } = await kill('SIGTERM')
      if (code !== 0) throw new Error(`the service ended with ${code ?? signal}:\n${running.log().slice(-SHOWN_LOG)}`)
    },
  }
}

const addressOf = ({ child, ended, log }: Process): Promise<string> =>
  new Promise((resolve, reject) => {
    const look = () => {
      const found = /(http:\/\/127\.0\.0\.1:\d+)\//.exec(log())
      if (found?.[1] !== undefined) resolve(found[1])
    }
    child.stdout?.on('data', look)
    void ended.then(({ code }) => reject(new Error(`the service ended with ${code} before it listened:\n${log()}`)))
  })
