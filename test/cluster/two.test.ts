import { describe, expect, it } from 'vitest'
import type { Doc } from 'yjs'
import { randomEdit } from '../support/edits.ts'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { seededRandom } from '../support/random.ts'
import { startService } from '../support/service.ts'
import { postgresStores } from '../support/sized-stores.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { foldOf, rowsOf, type Store } from '../support/stores.ts'
import { editsIn, missingFrom, Typists } from '../support/typists.ts'
import { turns, until } from '../support/until.ts'

const ROOM = 'story/shared'

const expectNoGap = async (store: Store): Promise<void> => {
  const seqs = [...new Set((await rowsOf(store, ROOM)).map(({ seq }) => seq))]
  expect(seqs.length).toBeGreaterThan(0)
  expect(seqs).toEqual(seqs.map((_, index) => index + 1))
}

describe.each(postgresStores)('two processes that serve one page from $name', ({ open }) => {
  it('lose nothing, leave no gap in the sequence, and end equal', async () => {
    const random = seededRandom()
    const store = await open()
    const services = await Promise.all([startService(store.env), startService(store.env)])
    const groups = services.map(({ collab }) => new Typists(collab, [ROOM, ROOM, ROOM]))
    groups.forEach((group, index) => {
      group.connect(services[index]?.collab ?? '')
      group.start(random)
    })
    await until('both to acknowledge hundreds of edits', () => groups.every((group) => group.acknowledgedCount > 300))
    await Promise.all(groups.map((group) => group.stop()))
    const clients = groups.flatMap((group) => group.clients)
    await until('everything to be settled', () => clients.every((client) => client.isSettled))
    await untilEqual(clients.map(({ doc }) => doc))
    const typed = new Set(groups.flatMap((group) => [...group.acknowledged(ROOM)]))
    for (const group of groups) group.disconnect()
    for (const { collab } of services) {
      expect(missingFrom(editsIn(await readAfresh(collab, ROOM)), typed)).toEqual([])
    }
    await expectNoGap(store)
    const [page] = clients
    expect(pageAsText(await foldOf(store, ROOM))).toBe(pageAsText(page?.doc as Doc))
    await Promise.all(services.map((service) => service.stop()))
  })

  it('carry stock clients that write on every type and change sides', async () => {
    const random = seededRandom()
    const store = await open()
    const services = await Promise.all([startService(store.env), startService(store.env)])
    const first = stockClient(services[0].collab, ROOM, { version: '1.x' })
    const second = stockClient(services[1].collab, ROOM, { version: '3.x' })
    await Promise.all([first.synced(), second.synced()])
    for (let n = 0; n < 150; n++) {
      randomEdit(random.pick([first, second]).doc, random)
      await turns(1)
    }
    first.destroy()
    const moved = stockClient(services[1].collab, ROOM, { doc: first.doc })
    await moved.synced()
    await untilEqual([first.doc, second.doc])
    await Promise.all([moved.committed(), second.committed()])
    for (const { collab } of services) {
      await until(
        'a fresh reader to see all',
        async () => pageAsText(await readAfresh(collab, ROOM)) === pageAsText(second.doc),
      )
    }
    await expectNoGap(store)
    expect(pageAsText(await foldOf(store, ROOM))).toBe(pageAsText(second.doc))
  })

  it('lets one be killed: its clients go on at the other with everything they were promised', async () => {
    const random = seededRandom()
    const store = await open()
    const [killed, lives] = await Promise.all([startService(store.env), startService(store.env)])
    const typists = new Typists(killed.collab, [ROOM, ROOM])
    typists.connect(killed.collab)
    typists.start(random)
    await until('edits to be acknowledged', () => typists.acknowledgedCount > 200)
    await killed.kill('SIGKILL')
    const promised = typists.acknowledged(ROOM)
    expect(missingFrom(editsIn(await readAfresh(lives.collab, ROOM)), promised)).toEqual([])
    typists.connect(lives.collab)
    await until('edits to be acknowledged again', () => typists.acknowledgedCount > promised.size + 50)
    await typists.stop()
    await until('everything to be settled', () => typists.clients.every((client) => client.isSettled))
    await untilEqual(typists.clients.map(({ doc }) => doc))
    await expectNoGap(store)
  })
})
