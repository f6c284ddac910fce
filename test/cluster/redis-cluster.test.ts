import { expect, it } from 'vitest'
import { type Client, connectClient } from '../support/client.ts'
import { pageAsText } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { holdCommits } from '../support/lock.ts'
import { metric } from '../support/metrics.ts'
import { hasRedisCluster, startRedisCluster } from '../support/redis.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { gapsIn, startNodes } from './crowd.ts'

const ROOM = 'story/over-a-cluster'
const PATIENCE = { withinMs: 60_000 }
if (!hasRedisCluster) leaveOut('cluster: three processes over a cluster of Redis, for want of redis-server 7')

const textOf = ({ doc }: Client): string => doc.getText('t').toString()

it.runIf(hasRedisCluster)(
  'over a cluster of three Redis, what is written is read elsewhere before its commit, and a server that is lost costs no edit',
  { timeout: 180_000 },
  async () => {
    const store = await anyPostgres().open()
    const redis = await startRedisCluster()
    const services = await startNodes(store, () => ({ CHANNEL: redis.url }))
    const everywhere = async (name: string, isSo: (value: number) => boolean) =>
      (await Promise.all(services.map(({ address }) => metric(address, name)))).every(isSo)
    const clients = await Promise.all(services.map(({ collab }) => connectClient(collab, ROOM)))
    const [ana, bo] = clients as [Client, Client, Client]
    ana.edit('first', (doc) => doc.getText('t').insert(0, 'once '))
    await ana.settled()
    const areEqual = (length: number) => () => clients.every((client) => textOf(client).length === length)
    await until('all to have it', areEqual(5))
    await until('all to know that they share it', () => everywhere('rooms_shared', (count) => count === 1))

    // Each process has a name of its own in one of the shards; nothing goes to all servers.
    const channels = await Promise.all(redis.servers.map((server) => server.say('PUBSUB SHARDCHANNELS')))
    const nodes = await store.query<{ node_id: string }>('SELECT node_id FROM scriptorium.node')
    expect(nodes).toHaveLength(services.length)
    for (const { node_id } of nodes) {
      expect(channels.filter((names) => names.includes(`scriptorium:${node_id}`))).toHaveLength(1)
    }
    for (const server of redis.servers) expect(await server.say('PUBSUB CHANNELS')).toBe('*0\r\n')

    const row = await holdCommits(store, ROOM)
    ana.edit('second', (doc) => doc.getText('t').insert(5, 'upon '))
    await until('all to have what is not committed', areEqual(10))
    expect(ana.acknowledged).toEqual(new Set(['first']))
    await row.release()
    await ana.settled()

    const [lost] = redis.servers
    await lost?.stop()
    bo.edit('third', (doc) => doc.getText('t').insert(10, 'a '))
    await bo.settled()
    await until('all to have it without that server', areEqual(12))
    await lost?.start()
    await until('the channel to be up everywhere', () => everywhere('channel_up', (up) => up === 1), PATIENCE)

    const again = await holdCommits(store, ROOM)
    ana.edit('fourth', (doc) => doc.getText('t').insert(12, 'time'))
    await until('it to come before its commit again', areEqual(16), PATIENCE)
    await again.release()
    await ana.settled()
    for (const client of clients) expect(textOf(client)).toBe('once upon a time')
    expect(pageAsText(await foldOf(store, ROOM))).toBe(pageAsText(ana.doc))
    expect(await gapsIn(store, [ROOM])).toEqual([])
    await Promise.all(services.map((service) => service.stop()))
  },
)
