/** The command line as a child process. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type Environment, temporaryFolder } from './service.ts'

const COMMAND = fileURLToPath(new URL('../../scripts/scriptorium.js', import.meta.url))

export interface Said {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly ended: Promise<Said>
  kill(signal: NodeJS.Signals): void
}

/** Starts a command; killed when the test ends. */
export const startCommand = (args: readonly string[], env: Environment): Running => {
  const { DATABASE_URL: _url, DATA_DIR: _dir, ...inherited } = process.env
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: temporaryFolder('cwd'),
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (bytes: Buffer) => {
    said.out += bytes.toString()
  })
  child.stderr.on('data', (bytes: Buffer) => {
    said.err += bytes.toString()
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<Said>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...said })))
  return { ended, kill: (signal) => void child.kill(signal) }
}

/** Runs a command to its end. */
export const runCommand = (args: readonly string[], env: Environment): Promise<Said> => startCommand(args, env).ended
