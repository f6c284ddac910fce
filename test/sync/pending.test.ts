import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { Sync } from '../../shared/protocol.ts'
import { Client, connectClient } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { allStores } from '../support/sized-stores.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { until } from '../support/until.ts'

const ROOM = 'story/pending'

/** The updates of somebody who typed `words`, one each. */
const updatesOf = (words: readonly string[]): Uint8Array[] => {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update) => updates.push(update))
  for (const word of words) doc.getText('text').insert(doc.getText('text').length, word)
  return updates
}

it.each(allStores)('an honest client with pending structs is served on $name, not looped', async ({ open }) => {
  const store = await open()
  const service = await startService(store.env)
  const [first, second, third] = updatesOf(['once ', 'upon ', 'a time']) as [Uint8Array, Uint8Array, Uint8Array]
  const doc = new Y.Doc()
  Y.applyUpdate(doc, first)
  Y.applyUpdate(doc, third)
  expect(doc.store.pendingStructs).not.toBeNull()
  const client = new Client(service.collab, ROOM, { doc })
  client.connect()
  await client.synced()
  const stock = stockClient(service.collab, ROOM)
  await until('the complete prefix to be served', () => stock.doc.getText('text').toString() === 'once ')
  await until('what it sent to be settled', () => client.isSettled)
  const asked = client.heard.filter((heard) => heard === 'sync 0').length
  expect(asked).toBeLessThanOrEqual(2)
  expect(client.closings).toEqual([])
  const complete = await connectClient(service.collab, ROOM)
  complete.sendUpdate(second)
  await until('the one with pending structs to have all', () => doc.getText('text').toString() === 'once upon a time')
  client.sendUpdate(Y.encodeStateAsUpdate(doc), Sync.step2)
  await until('everybody to have all', () => stock.doc.getText('text').toString() === 'once upon a time')
  await Promise.all([client.settled(), complete.settled()])
  if (store.kind === 'pglite') await service.stop()
  expect((await foldOf(store, ROOM)).getText('text').toString()).toBe('once upon a time')
})

it('a stock client with pending structs comes back again and again and is served each time', async () => {
  const service = await startService((await anyPostgres().open()).env)
  const [first, , third] = updatesOf(['once ', 'upon ', 'a time']) as [Uint8Array, Uint8Array, Uint8Array]
  const doc = new Y.Doc()
  Y.applyUpdate(doc, first)
  Y.applyUpdate(doc, third)
  for (const version of ['1.x', '2.x', '3.x'] as const) {
    const client = stockClient(service.collab, ROOM, { version, doc })
    await client.synced()
    doc.getMap('map').set(version, true)
    await until('its edits to be read by others', async () =>
      (await readAfresh(service.collab, ROOM)).getMap('map').get(version),
    )
    client.destroy()
  }
})
