/** A connection to Redis, one server or a cluster: what of the client library the channel needs. */
import type { RedisClientOptions } from '@redis/client'

export interface RedisLine {
  /** @throws Error when it could not be sent */
  publish(channel: string, message: Uint8Array): Promise<void>
  /** Subscribes, and again after each loss of the connection. */
  subscribe(channel: string, heard: (message: Uint8Array) => void): Promise<void>
  close(): void
}

export interface RedisLineEvents {
  /** How long to wait before the next attempt to connect. */
  waitMs(): number
  /** Connected again. */
  ready(): void
  lost(reason: string): void
}

const CONNECT_MS = 5000
const PING_MS = 5000
/** Nothing heard for so long, not even the answer to a ping: the connection is dead. */
const SILENCE_MS = 12_000
/** Sharded pub/sub came with this version; before it, a cluster hands each message to all its servers. */
const SHARDED_SINCE = 7

/** Loads the library, which not every installation has. @throws Error that says what to install */
export const loadRedis = async (): Promise<typeof import('@redis/client')> => {
  try {
    return await import('@redis/client')
  } catch (cause) {
    throw new Error(
      'CHANNEL names a Redis, and the package @redis/client is not installed: npm install @redis/client',
      { cause },
    )
  }
}

/** Connects to `url`. @throws Error when that fails, or the library is not installed */
export const connectRedis = async (url: string, events: RedisLineEvents): Promise<RedisLine> => {
  const { createClient, createCluster } = await loadRedis()
  let isConnected = false
  const options = {
    url,
    // By it one connection both publishes and is told.
    RESP: 3,
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      // The first attempt ends with its fault; a connection that was lost is restored.
      reconnectStrategy: () => isConnected && events.waitMs(),
    },
  } satisfies RedisClientOptions
  const client = createClient(options)
  client.on('ready', () => events.ready())
  client.on('error', (error: Error) => events.lost(error.message))
  try {
    await client.connect()
    isConnected = true
    if (!(await isSharded(client))) return lineOver(client)
  } catch (error) {
    client.destroy()
    throw error
  }
  client.destroy()
  const { url: _url, ...defaults } = options
  const { username, password, protocol } = new URL(url)
  const cluster = createCluster({
    RESP: 3,
    rootNodes: [{ url }],
    defaults: {
      ...defaults,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      socket: { ...options.socket, ...(protocol === 'rediss:' ? { tls: true } : {}) },
    },
  })
  cluster.on('node-ready', () => events.ready())
  cluster.on('node-error', (error: Error) => events.lost(error.message))
  cluster.on('node-disconnect', () => events.lost('a server of the cluster was lost'))
  cluster.on('error', (error: Error) => events.lost(error.message))
  try {
    await cluster.connect()
  } catch (error) {
    cluster.destroy()
    throw error
  }
  return {
    publish: async (channel, message) => void (await cluster.sPublish(channel, asBuffer(message))),
    subscribe: (channel, heard) => cluster.sSubscribe(channel, heard, true),
    close: () => cluster.destroy(),
  }
}

/** The slice of a client that is needed of one server. */
interface Client {
  info(): Promise<string>
  publish(channel: string, message: Buffer): Promise<unknown>
  subscribe(channel: string, heard: (message: Buffer) => void, inBytes: true): Promise<void>
  destroy(): void
}

const lineOver = (client: Client): RedisLine => ({
  publish: async (channel, message) => void (await client.publish(channel, asBuffer(message))),
  subscribe: (channel, heard) => client.subscribe(channel, heard, true),
  close: () => client.destroy(),
})

/** Whether the server is one of a cluster that has sharded pub/sub. */
const isSharded = async (client: Client): Promise<boolean> => {
  const info = await client.info()
  const version = Number(/^redis_version:(\d+)/m.exec(info)?.[1] ?? 0)
  return /^cluster_enabled:1/m.test(info) && version >= SHARDED_SINCE
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
