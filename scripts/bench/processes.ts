/** Child processes: started, waited for, ended by their own id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { pinned } from './cores.ts'

export interface Running {
  readonly pid: number
  /** Waits for output that matches, on stdout or stderr. @throws Error when the process ends before, or takes a minute */
  line(pattern: RegExp): Promise<RegExpExecArray>
  /** Asks it to end, insists after 15 s. */
  stop(): Promise<void>
}

const STOP_MS = 15_000
/** The first start may have to build. */
const START_MS = 60_000
const KEPT_CHARACTERS = 20_000

/** Starts a process of which only the given environment and PATH are set. @throws Error when it cannot be started */
export const startProcess = (file: string, args: readonly string[], options: ProcessOptions): Running => {
  const { PATH, HOME } = process.env
  const [first, rest] = pinned(options.core, file, args)
  const child = spawn(first, rest, {
    cwd: options.cwd,
    env: { PATH, HOME, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${file} could not be started`)
  let output = ''
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const keep = (data: Buffer) => {
    output = (output + data.toString()).slice(-KEPT_CHARACTERS)
    child.emit('heard')
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return {
    pid,
    line: (pattern) =>
      untilHeard(
        child,
        () => pattern.exec(output),
        () => output,
      ),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await gone
      clearTimeout(insist)
    },
  }
}

export interface ProcessOptions {
  readonly cwd: string
  /** The core it is held to; null: any. */
  readonly core: string | null
  readonly env: Readonly<Record<string, string>>
}

const untilHeard = <T>(child: ChildProcess, found: () => T | null, output: () => string): Promise<T> =>
  new Promise((resolve, reject) => {
    const look = () => {
      const hit = found()
      if (hit !== null) settle(() => resolve(hit))
    }
    const fail = (what: string) => settle(() => reject(new Error(`process ${child.pid} ${what}:\n${output()}`)))
    const ended = () => fail('ended early')
    const timer = setTimeout(() => fail(`is not ready after ${START_MS / 1000} s`), START_MS)
    const settle = (done: () => void) => {
      clearTimeout(timer)
      child.off('heard', look)
      child.off('close', ended)
      done()
    }
    child.on('heard', look)
    child.on('close', ended)
    look()
  })
