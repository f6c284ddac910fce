import { expect, it } from 'vitest'
import { connectClient } from '../support/client.ts'
import { pageAsText } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { metric } from '../support/metrics.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import { startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { gapsIn, gather, scribble, startNodes, untilAllEqual, untilAllSeen } from './crowd.ts'

const isFull = process.env.SCRIPTORIUM_TEST_FULL === '1'
const ROOMS = isFull ? 200 : 8
const ROUNDS = 10
const GONE_MS = 35_000
if (!isFull) leaveOut('cluster: 200 pages and 600 clients on three processes: npm run test:full')

/** Without a channel pages converge by the poll, and who is on another process is not seen. */
const CHANNELS = ['postgres', ...(hasRedis ? ['redis'] : []), 'memory']

const channelUrl = async (channel: string) => (channel === 'redis' ? (await startRedis()).url : channel)

/** What one run of three processes came to. */
const runNodes = async (channel: string, random: Random) => {
  const store = await anyPostgres().open()
  const CHANNEL = await channelUrl(channel)
  const services = await startNodes(store, () => ({ CHANNEL }))
  const rooms = Array.from({ length: ROOMS }, (_, index) => `story/${channel}-${index}`)
  const people = await gather(services, rooms)
  await scribble(people, random, ROUNDS)
  const scribbledAt = performance.now()
  await untilAllEqual(`all pages to be equal over ${channel}`, people)
  const equalMs = performance.now() - scribbledAt
  if (channel !== 'memory') await untilAllSeen(`everybody to be seen over ${channel}`, people)
  await Promise.all(people.map((person) => person.committed()))
  expect(await gapsIn(store, rooms)).toEqual([])
  for (const room of rooms.slice(0, 8)) {
    const held = people.find((person) => person.room === room)
    expect(pageAsText(await foldOf(store, room))).toBe(held && pageAsText(held.doc))
  }
  const [dies] = services
  await dies?.kill('SIGKILL')
  const diedAt = performance.now()
  for (const person of people) if (person.at === 0) person.disconnect()
  const others = people.filter(({ at }) => at !== 0)
  if (channel !== 'memory') await untilAllSeen(`those on the dead process to be gone over ${channel}`, others, GONE_MS)
  const goneMs = performance.now() - diedAt
  process.stdout.write(
    `${channel}: equal ${(equalMs / 1000).toFixed(1)} s after the last edit, the dead gone after ${(goneMs / 1000).toFixed(1)} s\n`,
  )
  await scribble(others, random, 2)
  await untilAllEqual(`the rest to be equal over ${channel}`, others)
  for (const service of services.slice(1)) await service.stop()
}

it(`three processes keep ${ROOMS} pages equal over ${CHANNELS.join(', ')}, show who is where, and forget who was on one that died`, {
  timeout: isFull ? 400_000 : 120_000,
}, async () => {
  const random = seededRandom()
  if (isFull) for (const channel of CHANNELS) await runNodes(channel, random)
  else await Promise.all(CHANNELS.map((channel) => runNodes(channel, random)))
})

it('while no page is open in two processes nothing is sent, and a page that closes is held no longer', async () => {
  const store = await anyPostgres().open()
  const first = await startService(store.env)
  await store.query(
    `INSERT INTO scriptorium.holder (room_id, node_id, version) VALUES ('story/0-0', gen_random_uuid(), 1)`,
  )
  const second = await startService(store.env)
  const services = [first, second]
  const clients = await Promise.all(
    services.flatMap(({ collab }, at) => [0, 1].map((n) => connectClient(collab, `story/${at}-${n}`))),
  )
  for (let n = 0; n < 20; n++)
    for (const client of clients) client.edit(`${n}`, (doc) => doc.getText('t').insert(0, 'x'))
  await Promise.all(clients.map((client) => client.settled()))
  const holders = async () =>
    (await store.query<{ count: number }>('SELECT count(*)::int AS count FROM scriptorium.holder'))[0]?.count
  await until(
    'each page to be held once, and the row of a process that is no more to be gone',
    async () => (await holders()) === clients.length,
  )
  for (const { address } of services) {
    expect(await metric(address, 'channel_sent')).toBe(0)
    expect(await metric(address, 'channel_up')).toBe(1)
    expect(await metric(address, 'rooms_shared')).toBe(0)
  }
  const reader = await readAfresh(second.collab, 'story/0-0')
  expect(reader.getText('t').length).toBe(20)
  await until('the page to be shared', async () => (await metric(first.address, 'rooms_shared')) === 1)
  await first.stop()
  await until('its rows to be gone', async () => (await holders()) === 3)
  await second.stop()
  expect(await holders()).toBe(0)
})

it('a message of another version, or none at all, is left unread and counted, and the page converges all the same', async () => {
  const store = await anyPostgres().open()
  const services = await Promise.all([startService(store.env), startService(store.env)])
  const [one, two] = services
  const ana = await connectClient(one.collab, 'story/versions')
  const bo = await connectClient(two.collab, 'story/versions')
  const nodes = await store.query<{ node_id: string }>('SELECT node_id FROM scriptorium.node')
  for (const { node_id } of nodes) {
    for (const payload of ['CWFiYw==', '', 'AQ==', '?']) {
      await store.query('SELECT pg_notify($1, $2)', [`scriptorium_${node_id}`, payload])
    }
  }
  for (const { address } of services)
    await until('the messages to be counted', async () => (await metric(address, 'channel_unknown')) >= 4)
  ana.edit('a', (doc) => doc.getText('t').insert(0, 'read all the same'))
  await until('the other to read it', () => bo.doc.getText('t').toString() === 'read all the same')
  for (const service of services) await service.stop()
})
