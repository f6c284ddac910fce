/** A Redis of one's own, so that it may be stopped: servers of the system on free ports, without files that last. */
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

export interface RedisServer extends Redis {
  /** What it answers to one line. */
  say(line: string): Promise<string>
}

export interface RedisCluster extends Redis {
  readonly servers: readonly RedisServer[]
}

/** Another one than the system's: a Valkey, or an older Redis. */
const PROGRAM = process.env.TEST_REDIS_SERVER || 'redis-server'
const version = Number(/v=(\d+)/.exec(String(spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' }).stdout))?.[1] ?? 0)
/** Whether there is a server to start. */
export const hasRedis = version > 0
/** Whether it can be one of a cluster that has sharded pub/sub. */
export const hasRedisCluster = version >= 7

const SERVERS = 3
const SLOTS = 16_384

/** Starts a server, ended with the test. */
export const startRedis = (): Promise<RedisServer> => startServer(async () => [])

/** Starts a cluster of three servers that share the slots, ended with the test. */
export const startRedisCluster = async (): Promise<RedisCluster> => {
  const servers = await Promise.all(
    Array.from({ length: SERVERS }, () =>
      startServer(async (port) => {
        const bus = await freePort()
        return [
          ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`],
          ...['--cluster-port', String(bus), '--cluster-node-timeout', '2000'],
        ]
      }),
    ),
  )
  const [first] = servers
  const { port } = new URL(first?.url ?? '')
  const bus = /@(\d+)/.exec((await first?.say('CLUSTER NODES')) ?? '')?.[1]
  for (const [index, server] of servers.entries()) {
    const from = Math.ceil((SLOTS * index) / SERVERS)
    const to = Math.ceil((SLOTS * (index + 1)) / SERVERS) - 1
    await server.say(`CLUSTER ADDSLOTSRANGE ${from} ${to}`)
    if (server !== first) await server.say(`CLUSTER MEET 127.0.0.1 ${port} ${bus}`)
  }
  const serves = async () => {
    await until('the cluster to serve', async () => {
      const infos = await Promise.all(servers.map((server) => server.say('CLUSTER INFO')))
      return infos.every((info) => info.includes('cluster_state:ok') && info.includes(`cluster_size:${SERVERS}`))
    })
  }
  await serves()
  return {
    url: first?.url ?? '',
    servers,
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
    start: async () => {
      await Promise.all(servers.map((server) => server.start()))
      await serves()
    },
  }
}

const startServer = async (optionsOf: (port: number) => Promise<string[]>): Promise<RedisServer> => {
  const port = await freePort()
  const options = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    ...['--dir', temporaryFolder('redis'), ...(await optionsOf(port))],
  ]
  let child: ChildProcess | null = null
  const stop = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  const start = async () => {
    child = spawn(PROGRAM, options, { stdio: 'ignore' })
    await until('Redis to answer', async () => (await say(port, 'PING').catch(() => '')).startsWith('+PONG'))
  }
  onTestFinished(stop)
  await start()
  return { url: `redis://127.0.0.1:${port}`, start, stop, say: (line) => say(port, line) }
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
