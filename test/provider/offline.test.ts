/** What a device keeps: there at once without a network, and counted honestly after a reload. */
import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { indexedDb } from '../../shared/provider/indexeddb.ts'
import { keyValue } from '../../shared/provider/key-value.ts'
import { randomEdit } from '../support/edits.ts'
import { pageAsText } from '../support/equal.ts'
import { memoryStore } from '../support/key-values.ts'
import { openProvider, untilSaved, untilSynced } from '../support/provider.ts'
import { startProxy } from '../support/proxy.ts'
import { seededRandom } from '../support/random.ts'
import { sharedService } from '../support/shared-service.ts'
import { readAfresh } from '../support/stock.ts'
import { until } from '../support/until.ts'

const write = (doc: Y.Doc, words: string): void => doc.getText('text').insert(doc.getText('text').length, words)
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()

const shared = sharedService({})
let rooms = 0

/** A page of its own, behind a network of its own. */
const start = async () => {
  const { service } = shared()
  const proxy = await startProxy('127.0.0.1', Number(new URL(service.address).port))
  return { service, proxy, collab: `ws://127.0.0.1:${proxy.port}/collab`, room: `story/kept-${++rooms}` }
}

describe.each([
  ['a store of keys', () => keyValue(memoryStore())],
  ['IndexedDB', () => indexedDb()],
])('a page kept in %s', { timeout: 60_000 }, (_, keeping) => {
  it('is there without a network after a reload, with what waits, under a fresh clientID', async () => {
    const { service, proxy, collab, room } = await start()
    const offline = keeping()
    const first = openProvider(collab, room, { offline })
    await untilSynced(first)
    write(first.doc, 'once upon ')
    await untilSaved(first)
    first.doc.getText('text').delete(0, 5)
    await untilSaved(first)
    await first.destroy()
    proxy.cut()

    const second = openProvider(collab, room, { offline })
    await second.whenLoaded
    await until('the page', () => textOf(second.doc) === 'upon ')
    expect(second.doc.clientID).not.toBe(first.doc.clientID)
    await until('it to be known as saved', () => second.state.saved.state === 'saved')
    write(second.doc, 'a time')
    second.doc.getText('text').delete(0, 1)
    await until('it to be counted', () => second.state.saved.count === 7)
    await second.destroy()

    const third = openProvider(collab, room, { offline })
    // What is not read yet may not be saved.
    expect(third.state.saved.state).toBe('on this device')
    await third.whenLoaded
    expect(textOf(third.doc)).toBe('pon a time')
    expect(third.state.saved).toMatchObject({ state: 'on this device', count: 7 })
    proxy.resume()
    await untilSaved(third)
    expect(textOf(await readAfresh(service.collab, room))).toBe('pon a time')
    await third.dropChange()
    await untilSynced(third)
    expect(textOf(third.doc)).toBe('pon a time')
  })
})

describe('a store of keys', { timeout: 60_000 }, () => {
  it('keeps what two tabs write at once, put together and bounded', async () => {
    const random = seededRandom()
    const store = memoryStore()
    const tabs = [new Y.Doc(), new Y.Doc()]
    const faults: (string | null)[] = []
    const kept = tabs.map((doc) => keyValue(store)('page', doc, (fault) => faults.push(fault)))
    await Promise.all(kept.map(({ loaded }) => loaded))
    for (let round = 0; round < 400; round++) {
      randomEdit(random.pick(tabs), random)
      if (random.chance(0.1)) write(random.pick(tabs), 'a long line of a story that has no end '.repeat(20))
      if (random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(kept.map((each) => each.close()))
    expect(faults.filter((fault) => fault !== null)).toEqual([])
    const fresh = new Y.Doc()
    await keyValue(store)('page', fresh, () => undefined).loaded
    const [one, other] = tabs as [Y.Doc, Y.Doc]
    Y.applyUpdate(one, Y.encodeStateAsUpdate(other))
    expect(pageAsText(fresh)).toBe(pageAsText(one))
    expect([...store.items.keys()].length).toBeLessThanOrEqual(3)
    expect((store.items.get('scriptorium:page#recent') ?? '').length).toBeLessThan(100_000)
  })

  it('says when it is full, and keeps all once there is room again', async () => {
    const { proxy, collab, room } = await start()
    proxy.cut()
    const store = memoryStore()
    const provider = openProvider(collab, room, { offline: keyValue(store) })
    await provider.whenLoaded
    store.fault = 'QuotaExceededError'
    write(provider.doc, 'once ')
    await until('the fault to be told', () => provider.state.storageFault === 'QuotaExceededError')
    expect(textOf(provider.doc)).toBe('once ')
    store.fault = null
    write(provider.doc, 'upon ')
    await until('the fault to be over', () => provider.state.storageFault === null)
    const again = openProvider(collab, room, { offline: keyValue(store) })
    await again.whenLoaded
    expect(textOf(again.doc)).toBe('once upon ')
  })

  it('heals a device that was put back to an old copy, without losing or doubling text', async () => {
    const { service, collab, room } = await start()
    const items = new Map<string, string>()
    const first = openProvider(collab, room, { offline: keyValue(memoryStore(items)) })
    await untilSynced(first)
    write(first.doc, 'once ')
    await untilSaved(first)
    await first.destroy()
    await until('it to be kept', () => items.size > 0)
    const backup = new Map(items)
    const second = openProvider(collab, room, { offline: keyValue(memoryStore(items)) })
    await untilSynced(second)
    write(second.doc, 'upon ')
    await untilSaved(second)
    await second.destroy()
    const restored = openProvider(collab, room, { offline: keyValue(memoryStore(backup)) })
    await untilSynced(restored)
    write(restored.doc, 'a time')
    await untilSaved(restored)
    expect(textOf(restored.doc)).toBe('once upon a time')
    expect(textOf(await readAfresh(service.collab, room))).toBe('once upon a time')
  })
})
