import { describe, expect, it } from 'vitest'
import { Client, connectClient } from '../support/client.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { seededRandom } from '../support/random.ts'
import { type Environment, type Service, startService } from '../support/service.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { anyPostgres, foldOf, type Store } from '../support/stores.ts'
import { until } from '../support/until.ts'

const ROOM = 'story/storm'

const write = (client: Client, words: string): void =>
  client.edit(words, (doc) => doc.getText('text').insert(doc.getText('text').length, words))

const textOf = ({ doc }: Pick<Client, 'doc'>): string => doc.getText('text').toString()

const behindProxy = async (env: Environment = {}): Promise<{ store: Store; proxy: TcpProxy; service: Service }> => {
  const store = await anyPostgres().open()
  const url = new URL(store.env.DATABASE_URL ?? '')
  const proxy = await startProxy(url.hostname, Number(url.port))
  url.port = String(proxy.port)
  const service = await startService({ ...store.env, ...env, DATABASE_URL: url.href })
  return { store, proxy, service }
}

const readiness = async (service: Service) => (await fetch(`${service.address}/readyz`)).json()

describe('while the database is away', () => {
  it.each(['cut', 'stall'] as const)(
    '(%s) members go on reading one another, nothing is acknowledged, and all is written when it is back',
    async (how) => {
      const { store, proxy, service } = await behindProxy()
      const ana = await connectClient(service.collab, ROOM)
      const bo = await connectClient(service.collab, ROOM)
      write(ana, 'once ')
      await ana.settled()
      proxy[how]()
      for (const words of ['upon ', 'a ', 'time']) {
        const before = textOf(ana)
        write(ana, words)
        await until('the other to read it', () => textOf(bo) === before + words)
      }
      expect(ana.saved).toBe(ana.sent - 3)
      if (how === 'cut')
        await until('readiness to say so', async () => (await readiness(service)).database !== 'reachable')
      expect((await fetch(`${service.address}/readyz`)).status).toBe(200)
      proxy.resume()
      await ana.settled(45_000)
      expect(ana.acknowledged).toEqual(new Set(['once ', 'upon ', 'a ', 'time']))
      expect((await foldOf(store, ROOM)).getText('text').toString()).toBe('once upon a time')
      await until('readiness to say so', async () => (await readiness(service)).database === 'reachable')
      expect([...ana.closings, ...bo.closings]).toEqual([])
      await service.stop()
    },
  )

  it('a page that is not open is refused with 1013, never shown empty, and opens when it is back', async () => {
    const { store, proxy, service } = await behindProxy()
    const author = await connectClient(service.collab, ROOM)
    write(author, 'kept')
    await author.settled()
    await service.stop()
    const restarted = await behindSameDatabase(store)
    restarted.proxy.cut()
    const early = new Client(restarted.service.collab, ROOM)
    early.connect()
    await until('the refusal', () => early.closings.length > 0)
    expect(early.closings[0]?.code).toBe(1013)
    expect(early.heard).toEqual([])
    const stock = stockClient(restarted.service.collab, ROOM, { version: '1.x' })
    stock.doc.getText('other').insert(0, 'typed while it was away')
    restarted.proxy.resume()
    await stock.synced()
    expect(stock.doc.getText('text').toString()).toBe('kept')
    await until('both to be stored', async () => {
      const page = await foldOf(store, ROOM)
      return page.getText('text').toString() === 'kept' && page.getText('other').length > 0
    })
    proxy.resume()
    await restarted.service.stop()
  })

  it('memory is bounded: writers are not read past the limit, and everything is saved when it is back', async () => {
    const random = seededRandom()
    const limit = 2_000_000
    const { store, proxy, service } = await behindProxy({ MAX_UNSAVED_BYTES: String(limit) })
    const writer = await connectClient(service.collab, ROOM)
    write(writer, 'begin')
    await writer.settled()
    proxy.cut()
    const before = service.memory()
    for (let n = 0; n < 200; n++) {
      writer.edit(`block ${n}`, (doc) => doc.getMap('blocks').set(`block ${n}`, random.bytes(100_000)))
    }
    const unsaved = async () => {
      const metrics = await (await fetch(`${service.address}/metrics`)).text()
      return Number(/^scriptorium_unsaved_bytes (\d+)/m.exec(metrics)?.[1] ?? Number.NaN)
    }
    await until('the limit to be reached', async () => (await unsaved()) >= limit)
    expect(await unsaved()).toBeLessThan(2 * limit)
    expect(service.memory() - before).toBeLessThan(100_000_000)
    proxy.resume()
    await writer.settled(30_000)
    expect(writer.acknowledged.size).toBe(201)
    expect((await foldOf(store, ROOM)).getMap('blocks').size).toBe(200)
    expect((await readAfresh(service.collab, ROOM)).getMap('blocks').size).toBe(200)
    await service.stop()
  })
})

/** Another run of the service on the same rows, through a proxy of its own. */
const behindSameDatabase = async (store: Store): Promise<{ proxy: TcpProxy; service: Service }> => {
  const url = new URL(store.env.DATABASE_URL ?? '')
  const proxy = await startProxy(url.hostname, Number(url.port))
  url.port = String(proxy.port)
  return { proxy, service: await startService({ ...store.env, DATABASE_URL: url.href }) }
}
