import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ChannelChoice, createChannel } from '../../server/channel/open.ts'
import type { Channel } from '../../server/channel/port.ts'
import { sessionsAt } from '../../server/database/session.ts'
import { systemClock, systemRandom } from '../../server/system.ts'
import { leaveOut } from '../support/left-out.ts'
import { hasRedis, hasRedisCluster, type Redis, startRedis, startRedisCluster } from '../support/redis.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

interface Medium {
  readonly choice: ChannelChoice
  /** Breaks every connection to it. */
  interrupt(): Promise<unknown>
  /** Makes it reachable again. */
  restore(): Promise<unknown>
}

const postgres = async (): Promise<Medium> => {
  const store = await anyPostgres().open()
  const url = store.env.DATABASE_URL ?? ''
  const interrupt = () =>
    store.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'scriptorium channel'`,
    )
  return { choice: { kind: 'postgres', openSession: sessionsAt(url, null) }, interrupt, restore: async () => undefined }
}

const redis = (begin: () => Promise<Redis>) => async (): Promise<Medium> => {
  const server = await begin()
  return { choice: { kind: 'redis', url: server.url }, interrupt: server.stop, restore: server.start }
}

const media: readonly (readonly [string, () => Promise<Medium>])[] = [
  ['postgres', postgres],
  ...(hasRedis ? [['redis', redis(startRedis)] as const] : []),
  ...(hasRedisCluster ? [['a cluster of three redis', redis(startRedisCluster)] as const] : []),
]
if (!hasRedis) leaveOut('cluster: the channel over Redis, for want of redis-server')
if (!hasRedisCluster) leaveOut('cluster: the channel over a cluster of Redis, for want of redis-server 7')

const silent = () => undefined
const logger = { debug: silent, info: silent, warn: silent, error: silent }

interface Node {
  readonly id: string
  readonly channel: Channel
  readonly heard: Uint8Array[]
  readonly told: string[]
}

const node = (choice: ChannelChoice): Node => {
  const id = randomUUID()
  const heard: Uint8Array[] = []
  const told: string[] = []
  const channel = createChannel(choice, {
    ...{ nodeId: id, clock: systemClock, random: systemRandom, logger },
    heard: (message) => heard.push(Uint8Array.from(message)),
    up: () => told.push('up'),
    down: () => told.push('down'),
  })
  onTestFinished(() => channel.close())
  channel.open()
  return { id, channel, heard, told }
}

const pair = async (choice: ChannelChoice): Promise<[Node, Node]> => {
  const both: [Node, Node] = [node(choice), node(choice)]
  await until('both to hear', () => both.every(({ channel }) => channel.isUp))
  return both
}

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, at) => (at * 7 + seed) % 256)

describe.each(media)('the channel over %s', (_name, open) => {
  it('carries each message to the process that it is for, whole and in order, up to its bound', async () => {
    const { choice } = await open()
    const [ana, ben] = await pair(choice)
    const messages = [bytes(1, 0), bytes(ana.channel.maxBytes, 1), bytes(300, 2)]
    const letters = messages.map((message) => ({ to: ben.id, message }))
    expect(await ana.channel.send([...letters, { to: randomUUID(), message: bytes(5, 3) }])).toBe(4)
    expect(await ana.channel.send([{ to: ben.id, message: bytes(9, 4) }])).toBe(1)
    await until('all to be heard', () => ben.heard.length === 4)
    expect(ben.heard).toEqual([...messages, bytes(9, 4)])
    expect(ana.heard).toEqual([])
  })

  it('comes back by itself after its connections broke, and says so', async () => {
    const { choice, interrupt, restore } = await open()
    const [ana, ben] = await pair(choice)
    await interrupt()
    await until('the loss to be told', () => [ana, ben].every(({ told }) => told.includes('down')))
    await restore()
    await until('both to hear again', () => [ana, ben].every(({ told }) => told.at(-1) === 'up' && told.length > 2))
    // Each is carried at most once: the way to another server of a cluster may come back later than one's own.
    await until('a message to be heard', async () => {
      await ana.channel.send([{ to: ben.id, message: bytes(12, 5) }])
      return ben.heard.some((message) => message.length === 12)
    })
  })

  it('sends nothing once it is closed', async () => {
    const { choice } = await open()
    const [ana, ben] = await pair(choice)
    await ana.channel.close()
    expect(ana.channel.isUp).toBe(false)
    expect(await ana.channel.send([{ to: ben.id, message: bytes(5, 6) }])).toBe(0)
    await ben.channel.close()
  })
})

describe('without a channel', () => {
  it('nothing is carried', async () => {
    const memory = node({ kind: 'memory' })
    expect(memory.channel).toMatchObject({ isUp: false, maxBytes: 0, carriesUpdates: false })
    expect(await memory.channel.send([{ to: randomUUID(), message: bytes(5, 7) }])).toBe(0)
    expect(memory.told).toEqual([])
  })
})
