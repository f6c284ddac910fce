/** The light: never green before the commit, green after it, whatever the network does. */
import { describe, expect, it } from 'vitest'
import type * as Y from 'yjs'
import type { Provider } from '../../shared/provider/provider.ts'
import { connectClient } from '../support/client.ts'
import { randomEdit } from '../support/edits.ts'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { hurried } from '../support/hurried.ts'
import { leaveOut } from '../support/left-out.ts'
import { holdCommits } from '../support/lock.ts'
import { openProvider, untilSaved, untilSynced } from '../support/provider.ts'
import { startProxy } from '../support/proxy.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED, type Environment, type Service, startService } from '../support/service.ts'
import { sharedService } from '../support/shared-service.ts'
import { isFull } from '../support/size.ts'
import { readAfresh, type StockClient, stockClient } from '../support/stock.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { turns, until } from '../support/until.ts'

/** How many times faster the provider's clock goes where 15 s are too long for a test. */
const HURRY = isFull ? 1 : 5
const RUNS = isFull ? 10 : 2
if (!isFull) leaveOut(`provider: a half-open socket by the real clock, ${RUNS} crowds instead of 10: npm run test:full`)
const shared = sharedService(AT_FULL_SPEED)
let rooms = 0
const aRoom = (): string => `story/light-${++rooms}`

/** A service of its own, for tests that end it or set it up otherwise. */
const start = async (env: Environment = {}) => {
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...AT_FULL_SPEED, ...env })
  return { store, service, room: aRoom() }
}

/** The service that tests share, and a page of their own. */
const join = () => ({ ...shared(), room: aRoom() })

const write = (doc: Y.Doc, words: string): void => doc.getText('text').insert(doc.getText('text').length, words)
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()

const proxyTo = (service: Service) => startProxy('127.0.0.1', Number(new URL(service.address).port))
const through = (port: number): string => `ws://127.0.0.1:${port}/collab`

describe('a provider', { timeout: 120_000 }, () => {
  it('is saved only when the row is in the database, and says sent until then', async () => {
    const { store, service, room } = join()
    const provider = openProvider(service.collab, room)
    await untilSynced(provider)
    write(provider.doc, 'once ')
    expect(provider.state.saved).toMatchObject({ state: 'sent', count: 5 })
    await untilSaved(provider)
    expect(textOf(await foldOf(store, room))).toBe('once ')

    const row = await holdCommits(store, room)
    write(provider.doc, 'upon ')
    const other = await connectClient(service.collab, room)
    await until('another to read it', () => textOf(other.doc) === 'once upon ')
    await row.isWaitedFor()
    expect(provider.state.saved.state).toBe('sent')
    expect(textOf(await foldOf(store, room))).toBe('once ')
    await until('its age to be told', () => provider.state.saved.ageMs > 500)
    await row.release()
    await untilSaved(provider, 1000)
    expect(textOf(await foldOf(store, room))).toBe('once upon ')
    provider.doc.getText('text').delete(0, 5)
    expect(provider.state.saved).toMatchObject({ state: 'sent', count: 5 })
    await untilSaved(provider)
    expect(textOf(await foldOf(store, room))).toBe('upon ')
  })

  it('counts what waits on this device while it is cut off, and a lost answer turns no light green', async () => {
    const { store, service, room } = join()
    const proxy = await proxyTo(service)
    const provider = openProvider(through(proxy.port), room)
    await untilSynced(provider)
    write(provider.doc, 'once ')
    await untilSaved(provider)
    const row = await holdCommits(store, room)
    write(provider.doc, 'upon ')
    await row.isWaitedFor()
    proxy.cut()
    await until('it to know', () => provider.state.connection === 'offline')
    // Committed, and nobody could say so.
    await row.release()
    await until('the row', async () => textOf(await foldOf(store, room)) === 'once upon ')
    expect(provider.state.saved).toMatchObject({ state: 'on this device', count: 5 })
    write(provider.doc, 'a')
    provider.doc.getText('text').delete(0, 5)
    await until('it to be counted', () => provider.state.saved.count === 11)
    proxy.resume()
    await untilSaved(provider)
    expect(textOf(await foldOf(store, room))).toBe('upon a')
  })

  it('writes again what a service killed before its commit had read, deletes too', async () => {
    const { store, service, room } = await start()
    const proxy = await proxyTo(service)
    const provider = openProvider(through(proxy.port), room)
    await untilSynced(provider)
    write(provider.doc, 'once upon ')
    await untilSaved(provider)
    const row = await holdCommits(store, room)
    write(provider.doc, 'a time')
    provider.doc.getText('text').delete(0, 5)
    await row.isWaitedFor()
    await service.kill('SIGKILL')
    await row.release()
    await until('it to know', () => provider.state.saved.state === 'on this device')
    const next = await startService({ ...store.env, PORT: new URL(service.address).port })
    await untilSaved(provider, 40_000)
    expect(textOf(await foldOf(store, room))).toBe('upon a time')
    await next.stop()
  })

  it('notices a half-open socket within 15 s, and brings what waited', async () => {
    const { store, service, room } = join()
    const proxy = await proxyTo(service)
    const provider = openProvider(through(proxy.port), room, { ports: hurried(HURRY) })
    await untilSynced(provider)
    const stalledAt = performance.now()
    proxy.stall()
    write(provider.doc, 'once ')
    await until('the silence to be noticed', () => provider.state.connection !== 'online')
    // Hurried, a busy machine would decide.
    if (HURRY === 1) expect(performance.now() - stalledAt).toBeLessThan(16_000)
    expect(provider.state.saved.state).toBe('on this device')
    proxy.resume()
    await untilSaved(provider)
    expect(textOf(await foldOf(store, room))).toBe('once ')
  })

  it('takes a large page in parts, with progress, in one transaction', async () => {
    const { store, service, room } = await start({ FOLD_ROWS: '1', FOLD_MAX_ROWS: '1' })
    const author = await connectClient(service.collab, room)
    const line = 'once upon a time there was a fox '.repeat(30)
    for (let n = 0; n < 500; n++) author.edit(`${n}`, (doc) => doc.getMap('lines').set(`${n}`, `${n} ${line}`))
    await author.settled(60_000)
    await until('the page to be folded', async () => {
      author.edit('one more', (doc) => doc.getMap('facts').set('legs', 4))
      await author.settled()
      const [folded] = await store.query<{ bytes: number }>(
        'SELECT max(octet_length(data)) AS bytes FROM scriptorium.snapshot WHERE room_id = $1',
        [room],
      )
      return (folded?.bytes ?? 0) > 400_000
    })
    const seen: number[] = []
    let transactions = 0
    const provider = openProvider(service.collab, room)
    provider.subscribe(() => {
      if (provider.state.progress !== null) seen.push(provider.state.progress.received)
    })
    provider.doc.on('afterTransaction', (transaction) => {
      if (!transaction.local && transaction.changed.size > 0) transactions++
    })
    await untilSynced(provider)
    expect(pageAsText(provider.doc)).toBe(pageAsText(author.doc))
    expect(provider.doc.getMap('lines').size).toBe(500)
    expect(provider.state).toMatchObject({ progress: null, saved: { state: 'saved', count: 0 } })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(transactions).toBeLessThanOrEqual(2)
    expect(seen.length).toBeGreaterThan(1)
  })
})

const ROUNDS = 100

const writeTogether = async (
  parties: readonly (Provider | StockClient)[],
  cut: () => void,
  random: Random,
): Promise<void> => {
  for (let round = 0; round < ROUNDS; round++) {
    const party = random.pick(parties)
    for (let edits = random.below(4); edits >= 0; edits--) randomEdit(party.doc, random)
    if (random.chance(0.05)) party.disconnect()
    if (random.chance(0.03)) cut()
    if (random.chance(0.15)) for (const one of parties) one.connect()
    await turns(1 + random.below(3))
  }
}

describe('providers among stock clients', { timeout: 120_000 }, () => {
  it.each(Array.from({ length: RUNS }, (_, run) => run))(
    'end with the same page, and whatever was green was in the database (%i)',
    async () => {
      const random = seededRandom()
      const { store, service, room } = await start()
      const proxy = await proxyTo(service)
      const providers = [0, 1, 2].map(() => openProvider(through(proxy.port), room))
      const stocks = (['1.x', '2.x', '3.x'] as const).map((version) => stockClient(service.collab, room, { version }))
      await Promise.all([...providers.map(untilSynced), ...stocks.map((client) => client.synced())])
      let looks = 0
      const cut = () => {
        proxy.cut()
        proxy.resume()
      }
      const parties = [...providers, ...stocks]
      await writeTogether(parties, cut, random)
      for (const party of parties) party.connect()
      for (const provider of providers) {
        await untilSaved(provider)
        // At this instant all that it wrote must be there.
        const stored = await foldOf(store, room)
        const own = provider.doc.clientID
        const last = provider.doc.store.clients.get(own)?.at(-1)
        const kept = stored.store.clients.get(own)?.at(-1)
        expect((kept?.id.clock ?? 0) + (kept?.length ?? 0)).toBe((last?.id.clock ?? 0) + (last?.length ?? 0))
        looks++
      }
      expect(looks).toBe(providers.length)
      await until('all to be synced', () => stocks.every((client) => client.isSynced))
      await untilEqual(parties.map(({ doc }) => doc))
      const [one] = providers as [Provider]
      const fresh = await readAfresh(service.collab, room)
      expect(pageAsText(fresh)).toBe(pageAsText(one.doc))
      await until('the rows to equal the page', async () => pageAsText(await foldOf(store, room)) === pageAsText(fresh))
    },
  )
})
