import { expect, it } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { awarenessMessage, Sync } from '../../shared/protocol.ts'
import { connectClient } from '../support/client.ts'
import { metric } from '../support/metrics.ts'
import { startService } from '../support/service.ts'
import { stockClient } from '../support/stock.ts'
import { anyPostgres, rowsOf } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const stories = { s: 'write' as const }

/** Words under somebody’s clientID, written by somebody else on a copy of the page. */
const forged = (page: Y.Doc, id: number, words: string): Uint8Array => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(page))
  doc.clientID = id
  const before = Y.encodeStateVector(doc)
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc, before)
}

const presenceUnder = (id: number): Uint8Array => {
  const doc = new Y.Doc()
  doc.clientID = id
  const awareness = new Awareness(doc)
  awareness.setLocalState({ user: { name: 'Ana' } })
  const message = awarenessMessage(encodeAwarenessUpdate(awareness, [id]))
  awareness.destroy()
  return message
}

it('nobody writes under the clientID of somebody who is here, live or as what they bring; stock clients as owners', async () => {
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...TOKEN_ENV })
  const ana = stockClient(service.collab, 's/p', { params: { token: await tokenOf('ana', { stories }) } })
  await ana.synced()
  ana.doc.getText('text').insert(0, 'by ana ')
  await ana.committed()
  const eve = await connectClient(service.collab, 's/p', { token: await tokenOf('eve', { stories }) })
  for (const kind of [Sync.update, Sync.step2] as const) {
    eve.sendUpdate(forged(eve.doc, ana.doc.clientID, 'forged '), kind)
    await eve.settled()
    expect(eve.refusals.at(-1)).toMatchObject({ n: eve.sent, code: 'owner' })
  }
  expect(eve.closings).toEqual([])
  expect(await metric(service.address, 'updates_foreign')).toBe(2)
  ana.doc.getText('text').insert(0, 'again ')
  await ana.committed()
  expect(ana.doc.getText('text').toString()).toBe('again by ana ')
  const rows = await rowsOf(store, 's/p')
  expect(new Set(rows.map(({ author }) => author))).toEqual(new Set(['ana']))
})

it('what the owner wrote before they left comes in from others, as the owner’s by way of whoever sends it', async () => {
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...TOKEN_ENV })
  const ana = stockClient(service.collab, 's/p', { params: { token: await tokenOf('ana', { stories }) } })
  await ana.synced()
  ana.doc.getText('text').insert(0, 'by ana ')
  await ana.committed()
  const ben = await connectClient(service.collab, 's/p', { token: await tokenOf('ben', { stories }) })
  ana.disconnect()
  await until('her to be gone', async () => (await metric(service.address, 'sockets_closed')) > 0)
  ben.sendUpdate(forged(ben.doc, ana.doc.clientID, 'more '), Sync.step2)
  await ben.settled()
  expect(ben.refusals).toEqual([])
  const rows = await store.query<{ author: string; via: string }>(
    'SELECT author, via FROM scriptorium.update ORDER BY seq',
  )
  expect(rows.at(-1)).toEqual({ author: 'ana', via: 'ben' })
})

it('who is on record as the owner of an id keeps it, though somebody else announces it first after a restart', async () => {
  const store = await anyPostgres().open()
  const env = { ...store.env, ...TOKEN_ENV }
  const first = await startService(env)
  const ana = stockClient(first.collab, 's/p', { params: { token: await tokenOf('ana', { stories }) } })
  await ana.synced()
  ana.doc.getText('text').insert(0, 'by ana ')
  await ana.committed()
  ana.destroy()
  await first.stop()
  await store.query(
    `INSERT INTO scriptorium.writer (room_id, client_id, author) VALUES ('s/p', $1, 'ana')
     ON CONFLICT (room_id, client_id) DO NOTHING`,
    [ana.doc.clientID],
  )
  const second = await startService(env)
  const eve = await connectClient(second.collab, 's/p', { token: await tokenOf('eve', { stories }) })
  eve.sendRaw(presenceUnder(ana.doc.clientID))
  eve.sendStep1()
  const back = await connectClient(second.collab, 's/p', { token: await tokenOf('ana', { stories }), doc: ana.doc })
  await until('her words to be taken', async () => {
    back.edit('mine', (doc) => doc.getText('text').insert(0, 'mine '))
    await back.settled()
    return back.refusals.at(-1)?.n !== back.sent
  })
})
