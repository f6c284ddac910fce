import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { leaveOut } from '../support/left-out.ts'
import { AT_FULL_SPEED, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { allStores } from '../support/sized-stores.ts'
import { readAfresh, type StockVersion, stockClient } from '../support/stock.ts'
import { anyPostgres, foldOf, pgliteStore, type Store, type StoreKind } from '../support/stores.ts'
import {
  type ConcurrentTrace,
  concurrentTrace,
  generatedTrace,
  haveTraces,
  noteMissingTraces,
  type SequentialTrace,
  sequentialTrace,
  sha256,
  typeInto,
} from '../support/traces.ts'
import { turns, until } from '../support/until.ts'

const ROOM = 'story/recorded'
/** Transactions typed in one turn. */
const BURST = 100
const BUFFERED = 1_000_000
const TEST_MS = 600_000

const sequential = isFull ? ['sveltecomponent', 'seph-blog1', 'automerge-paper'] : ['sveltecomponent']
const concurrent = isFull ? ['friendsforever', 'clownschool'] : ['friendsforever']
const stores = isFull ? allStores : [anyPostgres()]

const textOf = (doc: Y.Doc): string => doc.getText('text').toString()

const typeAlone = async (collab: string, trace: SequentialTrace): Promise<void> => {
  const client = stockClient(collab, ROOM)
  await client.synced()
  const text = client.doc.getText('text')
  for (let at = 0; at < trace.transactions.length; at += BURST) {
    for (const patches of trace.transactions.slice(at, at + BURST)) client.doc.transact(() => typeInto(text, patches))
    await turns(1)
    await until('the socket to take more', () => (client.socket?.bufferedAmount ?? 0) < BUFFERED)
  }
  expect(sha256(textOf(client.doc))).toBe(trace.endHash)
  await client.committed()
  client.destroy()
}

/** Each author types once everything that they saw then has reached them through the service. */
const typeTogether = async (collab: string, trace: ConcurrentTrace): Promise<void> => {
  const versions: readonly StockVersion[] = ['3.x', '1.x', '2.x']
  const clients = versions.slice(0, trace.authors).map((version) => stockClient(collab, ROOM, { version }))
  await Promise.all(clients.map((client) => client.synced()))
  await Promise.all(
    clients.map(async ({ doc }, author) => {
      const mine = trace.transactions.filter((transaction) => transaction.author === author)
      for (const [index, { update, after }] of mine.entries()) {
        if (!covers(doc, after)) await until('what the author had seen', () => covers(doc, after))
        Y.applyUpdate(doc, update, 'typing')
        if (index % BURST === 0) await turns(1)
      }
    }),
  )
  await until('all to have the whole text', () => clients.every(({ doc }) => sha256(textOf(doc)) === trace.endHash))
  for (const client of clients) await client.committed()
  for (const client of clients) client.destroy()
}

const covers = (doc: Y.Doc, needed: ReadonlyMap<number, number>): boolean => {
  for (const [client, clock] of needed) if (Y.getState(doc.store, client) < clock) return false
  return true
}

const expectKept = async (store: Store, endHash: string): Promise<void> => {
  const restarted = await startService({ ...store.env, ...AT_FULL_SPEED })
  expect(sha256(textOf(await readAfresh(restarted.collab, ROOM)))).toBe(endHash)
  await restarted.stop()
  expect(sha256(textOf(await foldOf(store, ROOM)))).toBe(endHash)
}

const typeAndKeep = async ({ open }: StoreKind, endHash: string, type: (collab: string) => Promise<void>) => {
  const store = await open()
  const service = await startService({ ...store.env, ...AT_FULL_SPEED })
  await type(service.collab)
  await service.stop()
  await expectKept(store, endHash)
}

noteMissingTraces()
if (haveTraces && !isFull)
  leaveOut('traces: seph-blog1, automerge-paper and clownschool are typed by npm run test:full')

describe.runIf(haveTraces).each(stores)('real typing kept in $name', (store) => {
  it.each(sequential)(
    '%s, typed by one, reads exactly the same after a restart',
    { timeout: TEST_MS },
    async (name) => {
      const trace = sequentialTrace(name)
      await typeAndKeep(store, trace.endHash, (collab) => typeAlone(collab, trace))
    },
  )

  it.each(concurrent)(
    '%s, typed by several, reads exactly the same after a restart',
    { timeout: TEST_MS },
    async (name) => {
      const trace = concurrentTrace(name)
      await typeAndKeep(store, trace.endHash, (collab) => typeTogether(collab, trace))
    },
  )
})

describe.each(haveTraces ? [pgliteStore] : allStores)('generated typing kept in $name', (store) => {
  it('reads exactly the same after a restart', { timeout: TEST_MS }, async () => {
    const trace = generatedTrace()
    await typeAndKeep(store, trace.endHash, (collab) => typeAlone(collab, trace))
  })
})
