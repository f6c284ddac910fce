import { expect, it } from 'vitest'
import { connectClient } from '../support/client.ts'
import { metric } from '../support/metrics.ts'
import { startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const EDITS = 15

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
  await Promise.all(services.map((service) => service.stop()))
})

it('an edit is read elsewhere when it is committed, not when the next look comes', async () => {
  const store = await anyPostgres().open()
  const services = await Promise.all([startService(store.env), startService(store.env)])
  const [one, two] = services
  const ana = await connectClient(one.collab, 'story/bell')
  const bo = await connectClient(two.collab, 'story/bell')
  await until('the page to be shared', async () => (await metric(one.address, 'rooms_shared')) === 1)
  const begun = performance.now()
  for (let n = 1; n <= EDITS; n++) {
    ana.edit(`${n}`, (doc) => doc.getText('t').insert(0, 'x'))
    await until('the other to read it', () => bo.doc.getText('t').length === n)
  }
  // Looks are a second apart, and each edit came after the one before was read.
  expect(performance.now() - begun).toBeLessThan((EDITS - 1) * 1000)
  expect(await metric(two.address, 'channel_heard')).toBeGreaterThanOrEqual(EDITS)
  await Promise.all(services.map((service) => service.stop()))
})
