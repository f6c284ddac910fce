/** A Redis of one's own, so that it may be stopped: the server of the system on a free port, without files. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { freePort } from './postgres.ts'
import { temporaryFolder } from './service.ts'
import { until } from './until.ts'

export interface Redis {
  readonly url: string
  /** Ends it without a word. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** Whether there is a server to start. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** Starts a server, ended with the test. @param cluster as a cluster of one server */
export const startRedis = async ({ cluster = false } = {}): Promise<Redis> => {
  const port = await freePort()
  const folder = temporaryFolder('redis')
  const clustered = cluster ? ['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`] : []
  let child: ChildProcess | null = null
  const stop = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  const start = async () => {
    child = spawn(
      'redis-server',
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
        ...clustered,
      ],
      { stdio: 'ignore' },
    )
    await until('Redis to answer', async () => (await say(port, 'PING').catch(() => '')).startsWith('+PONG'))
    if (!cluster) return
    await say(port, 'CLUSTER ADDSLOTSRANGE 0 16383')
    await until('the cluster to serve', async () => (await say(port, 'CLUSTER INFO')).includes('cluster_state:ok'))
  }
  onTestFinished(stop)
  await start()
  return { url: `redis://127.0.0.1:${port}`, start, stop }
}

/** What the server answers to one line. */
const say = async (port: number, line: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write(`${line}\r\n`)
    const [answer] = await once(socket, 'data')
    return String(answer)
  } finally {
    socket.destroy()
  }
}
