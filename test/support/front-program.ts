/** nginx and HAProxy as they are shipped, on a free port before given nodes: nothing but addresses is changed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { freePort } from './postgres.ts'
import { temporaryFolder } from './service.ts'
import { until } from './until.ts'

export interface FrontProgram {
  readonly name: string
  /** Where Debian installs it. */
  readonly path: string
  readonly settings: string
  /** The line of a file that tells it where to listen. */
  readonly listens: RegExp
  /** Its arguments for settings that lie in `folder`. */
  args(folder: string, settings: string): readonly string[]
}

const shipped = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../scripts/deploy/${name}`, import.meta.url)), 'utf8')

export const nginx: FrontProgram = {
  name: 'nginx',
  path: '/usr/sbin/nginx',
  settings: shipped('nginx.conf'),
  listens: /listen 80;/,
  args: (folder, settings) => {
    const whole = join(folder, 'whole.conf')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    )
    writeFileSync(
      whole,
      `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn; events { }
       http { access_log off; ${temporary.join(' ')} include ${settings}; }`,
    )
    return ['-p', folder, '-c', whole, '-e', 'stderr']
  },
}

export const haproxy: FrontProgram = {
  name: 'HAProxy',
  path: '/usr/sbin/haproxy',
  settings: shipped('haproxy.cfg'),
  listens: /bind :80/,
  args: (_folder, settings) => ['-db', '-f', settings],
}

export const isInstalled = ({ path }: FrontProgram): boolean => existsSync(path)

/** Starts it before the nodes at `addresses`. @returns http://127.0.0.1:<port> */
export const startFront = async (front: FrontProgram, addresses: readonly string[]): Promise<string> => {
  const folder = temporaryFolder(front.name)
  const port = await freePort()
  const settings = join(folder, 'settings')
  const placed = front.settings
    .replace(front.listens, (line) => line.replace(/:?80/, (old) => `${old.startsWith(':') ? ':' : ''}${port}`))
    .replace(/10\.0\.0\.(\d):1234/g, (_, number) => new URL(addresses[Number(number) - 5] ?? '').host)
  writeFileSync(settings, placed)
  const child = spawn(front.path, front.args(folder, settings), { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-4000)
    })
  }
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  await until(`${front.name} to listen, which says: ${said}`, async () => {
    if (child.exitCode !== null) throw new Error(`${front.name} ended with ${child.exitCode}: ${said}`)
    return canConnect(port)
  })
  return `http://127.0.0.1:${port}`
}

const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
