import { describe, expect, it } from 'vitest'
import type { Doc } from 'yjs'
import { randomEdit } from '../support/edits.ts'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { type Service, startService } from '../support/service.ts'
import { allStores } from '../support/sized-stores.ts'
import { readAfresh, type StockClient, stockClient, stockVersions } from '../support/stock.ts'
import { foldOf, rowsOf, type Store } from '../support/stores.ts'
import { turns, until } from '../support/until.ts'

const ROUNDS = 100

/** Everybody writes; now and then somebody loses the connection and goes on writing without. */
const writeTogether = async (clients: readonly StockClient[], random: Random): Promise<void> => {
  for (let round = 0; round < ROUNDS; round++) {
    const client = random.pick(clients)
    for (let edits = random.below(4); edits >= 0; edits--) randomEdit(client.doc, random)
    if (random.chance(0.08)) client.disconnect()
    if (random.chance(0.15)) for (const one of clients) one.connect()
    await turns(1 + random.below(3))
  }
  for (const client of clients) client.connect()
}

const expectStored = async (service: Service, store: Store, room: string, doc: Doc): Promise<void> => {
  if (store.kind === 'pglite') {
    await service.stop()
    expect(pageAsText(await foldOf(store, room))).toBe(pageAsText(doc))
  } else {
    await until('the rows to equal the page', async () => pageAsText(await foldOf(store, room)) === pageAsText(doc))
  }
  const seqs = [...new Set((await rowsOf(store, room)).map(({ seq }) => seq))]
  expect(seqs.length).toBeGreaterThan(0)
  expect(seqs).toEqual(seqs.map((_, index) => index + 1))
}

describe.each(allStores)('stock clients on $name', ({ open }) => {
  it.each([
    ['two of 3.x', ['3.x', '3.x']],
    ['three of 2.x', ['2.x', '2.x', '2.x']],
    ['two of 1.x', ['1.x', '1.x']],
    ['five of all versions', ['1.x', '2.x', '3.x', '1.x', '3.x']],
  ] as const)(
    '%s, writing and coming and going, end with the same page, as do a fresh one and the rows',
    async (_, versions) => {
      const random = seededRandom()
      const store = await open()
      const service = await startService(store.env)
      const room = 'story/together'
      const clients = versions.map((version) => stockClient(service.collab, room, { version }))
      await Promise.all(clients.map((client) => client.synced()))
      await writeTogether(clients, random)
      const docs = clients.map(({ doc }) => doc)
      await until('all to be synced', () => clients.every((client) => client.isSynced))
      await untilEqual(docs)
      const fresh = await readAfresh(service.collab, room)
      expect(pageAsText(fresh)).toBe(pageAsText(docs[0] as Doc))
      await expectStored(service, store, room, fresh)
    },
  )
})

describe('stock versions', () => {
  it('are the three that people use', () => {
    expect(stockVersions).toEqual(['3.x', '2.x', '1.x'])
  })
})
