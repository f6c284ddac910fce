/** What the surroundings tell, and what closes for good: against the real service, through a proxy. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import * as Y from 'yjs'
import { Close, closeReason, SUBPROTOCOL } from '../../shared/protocol.ts'
import type { ConnectOptions, Provider, Signal } from '../../shared/provider/provider.ts'
import { connectClient } from '../support/client.ts'
import { hurried } from '../support/hurried.ts'
import { openProvider, openSocket, untilSaved, untilSynced } from '../support/provider.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { sharedService } from '../support/shared-service.ts'
import { smuggle } from '../support/smuggle.ts'
import { until } from '../support/until.ts'

const FAST = 6
/** Slow enough that no timer decides a test. */
const SLOW = 0.01
const SYNC_BYTES = 300_000
const UPDATE_BYTES = 100_000
const PAGE_BYTES = 200_000

const shared = sharedService({
  FOLD_ROWS: '1',
  FOLD_MAX_ROWS: '1',
  MAX_SYNC_BYTES: `${SYNC_BYTES}`,
  MAX_UPDATE_BYTES: `${UPDATE_BYTES}`,
  MAX_PAGE_BYTES: `${PAGE_BYTES}`,
})
const write = (doc: Y.Doc, words: string): void => doc.getText('text').insert(doc.getText('text').length, words)
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()

interface Party {
  readonly provider: Provider
  readonly proxy: TcpProxy
  readonly tell: (signal: Signal) => void
}

/** Somebody behind a network of their own. */
const join = async (room: string, speed: number, options: Partial<ConnectOptions> = {}): Promise<Party> => {
  const proxy = await startProxy('127.0.0.1', Number(new URL(shared().service.address).port))
  let tell: (signal: Signal) => void = () => undefined
  const signals = (told: typeof tell) => {
    tell = told
    return () => undefined
  }
  const provider = openProvider(`ws://127.0.0.1:${proxy.port}/collab`, room, {
    ...options,
    ports: { ...hurried(speed), signals, ...options.ports },
  })
  return { provider, proxy, tell: (signal) => tell(signal) }
}

const untilOffline = ({ provider }: Party) =>
  until('the loss to be noticed', () => provider.state.connection !== 'online')

describe('a provider in the background', { timeout: 60_000 }, () => {
  it('tries nothing while nothing waits, goes on while something does, and is there at once when it is seen', async () => {
    const [seen, idle, busy] = await Promise.all([
      join('signals/a', FAST),
      join('signals/a', FAST),
      join('signals/a', FAST),
    ])
    const all = [seen, idle, busy]
    await Promise.all(all.map(({ provider }) => untilSynced(provider)))
    idle.tell('hidden')
    busy.tell('hidden')
    for (const { proxy } of all) proxy.cut()
    await Promise.all(all.map(untilOffline))
    write(busy.provider.doc, 'once ')
    const before = idle.proxy.tried
    await until('those with a reason to try again', () => seen.proxy.tried > 4 && busy.proxy.tried > 4)
    expect(idle.proxy.tried - before).toBe(0)
    for (const { proxy } of all) proxy.resume()
    await untilSaved(busy.provider)
    expect(idle.provider.state.connection).toBe('offline')
    idle.tell('visible')
    await until('the words', () => textOf(idle.provider.doc) === 'once ')
  })

  it('asks nobody whether they are there, until it is seen', async () => {
    const [seen, hidden] = await Promise.all([join('signals/b', FAST), join('signals/b', FAST)])
    await Promise.all([untilSynced(seen.provider), untilSynced(hidden.provider)])
    hidden.tell('hidden')
    for (const { proxy } of [seen, hidden]) proxy.stall()
    await untilOffline(seen)
    expect(hidden.provider.state.connection).toBe('online')
    hidden.tell('visible')
    await untilOffline(hidden)
    for (const { proxy } of [seen, hidden]) proxy.resume()
    await Promise.all([untilSynced(seen.provider), untilSynced(hidden.provider)])
  })
})

describe('a provider that is told of the network', { timeout: 60_000 }, () => {
  it('tries at once when there is one', async () => {
    const party = await join('signals/c', SLOW)
    await untilSynced(party.provider)
    party.proxy.cut()
    await untilOffline(party)
    write(party.provider.doc, 'once ')
    party.proxy.resume()
    party.tell('online')
    await untilSaved(party.provider)
    expect(party.proxy.tried).toBe(2)
  })

  it('waits all the same where the service said for how long', async () => {
    const reason = closeReason(Close.overloaded, 'too many', 30_000)
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => server.close())
    let tried = 0
    server.on('connection', (socket) => {
      tried++
      socket.close(Close.overloaded, reason)
    })
    await once(server, 'listening')
    let tell: (signal: Signal) => void = () => undefined
    const signals = (told: typeof tell) => {
      tell = told
      return () => undefined
    }
    const { port } = server.address() as AddressInfo
    const provider = openProvider(`ws://127.0.0.1:${port}/collab`, 'signals/told', { ports: { signals } })
    await until('it to be sent away', () => tried === 1 && provider.state.connection === 'offline')
    for (const signal of ['hidden', 'visible', 'online'] as const) {
      tell(signal)
      expect(provider.state.connection).toBe('offline')
    }
    // The app may ask at any time.
    provider.tryAgain()
    await until('it to be sent away', () => tried === 2)
  })

  it('comes sooner when it has something to bring', async () => {
    const waits: number[] = []
    const after = (ms: number, task: () => void) => {
      waits.push(ms)
      const timer = setTimeout(task, ms)
      return () => clearTimeout(timer)
    }
    const party = await join('signals/i', 1, { ports: { after, random: () => 0.9 } })
    await untilSynced(party.provider)
    party.proxy.cut()
    await untilOffline(party)
    party.proxy.resume()
    expect(waits.at(-1)).toBeGreaterThan(7000)
    waits.length = 0
    write(party.provider.doc, 'once ')
    expect(waits.some((ms) => ms >= 500 && ms <= 2000)).toBe(true)
    waits.length = 0
    write(party.provider.doc, 'upon ')
    expect(waits.some((ms) => ms >= 500 && ms <= 2000)).toBe(false)
    await untilSaved(party.provider)
  })

  it('believes an answer more than the device that says there is none', async () => {
    const [patient, hasty] = await Promise.all([join('signals/d', SLOW), join('signals/d', FAST)])
    await Promise.all([untilSynced(patient.provider), untilSynced(hasty.provider)])
    let losses = 0
    patient.provider.on('status', ({ status }) => {
      if (status === 'disconnected') losses++
    })
    patient.tell('offline')
    write(patient.provider.doc, 'once ')
    await untilSaved(patient.provider)
    expect(losses).toBe(0)
    hasty.proxy.stall()
    hasty.tell('offline')
    await untilOffline(hasty)
    hasty.proxy.resume()
    await until('the words', () => textOf(hasty.provider.doc) === 'once ')
  })
})

describe('a provider that is turned away', { timeout: 60_000 }, () => {
  it('keeps the copy that was set aside (4409), and drops it for the page as it is', async () => {
    const { store, service } = shared()
    const room = 'signals/e'
    const writer = await connectClient(service.collab, room)
    writer.edit('first', (doc) => write(doc, 'first'))
    await until('it to be saved', () => writer.acknowledged.has('first'))
    const doc = new Y.Doc()
    write(doc, 'mine ')
    await smuggle(store, room, tooDeep(doc))
    await until('the room to notice', () => writer.closings.some(({ code }) => code === 1012), { withinMs: 60_000 })
    const party = await join(room, 1, { doc })
    await until('it to be turned away', () => party.provider.state.connection === 'denied')
    expect(party.provider.state).toMatchObject({ refused: { code: 'replaced' }, saved: { state: 'on this device' } })
    const copy = new Y.Doc()
    Y.applyUpdate(copy, party.provider.keepCopy())
    expect(textOf(copy)).toBe('mine ')
    const fresh = await party.provider.dropChange()
    await untilSaved(party.provider)
    expect(textOf(fresh)).toBe('first')
    expect(party.provider.state.refused).toBeNull()
  })

  it('does not bring again and again what no frame may hold (1009), and keeps it', async () => {
    const party = await join('signals/f', FAST, { connect: false })
    write(party.provider.doc, 'x'.repeat(SYNC_BYTES + 1))
    party.provider.connect()
    await until('it to be turned away', () => party.provider.state.connection === 'denied')
    expect(party.provider.state).toMatchObject({ refused: { code: 'too-large' }, saved: { state: 'on this device' } })
    expect(textOf(party.provider.doc).length).toBe(SYNC_BYTES + 1)
    expect(party.proxy.tried).toBe(1)
  })

  it('keeps what the page has no room for, where the service closes its socket (4413) and where it refuses the message: a copy, once more, and without it', async () => {
    await Promise.all([bringTooLarge('y', 'denied'), bringTooLarge(SUBPROTOCOL, 'online')])
  })

  it('says that one edit was too large, and brings it another way when it is told to', async () => {
    const party = await join('signals/g', 1)
    await untilSynced(party.provider)
    write(party.provider.doc, 'x'.repeat(UPDATE_BYTES + 1))
    await until('the refusal', () => party.provider.state.refused?.code === 'too-large')
    write(party.provider.doc, ' and more')
    expect(party.provider.state.saved.state).toBe('on this device')
    party.provider.tryAgain()
    await untilSaved(party.provider)
    expect(party.provider.state.refused).toBeNull()
  })
})

/** Brings what the page has no room for: it is kept, tried once more, and left out. @param connection after a refusal */
const bringTooLarge = async (spoken: string, connection: 'denied' | 'online'): Promise<void> => {
  const room = `signals/h-${spoken}`
  const author = await join(room, 1)
  write(author.provider.doc, 'once ')
  await untilSaved(author.provider)
  let protocol: string = spoken
  const tried: string[] = []
  const ports = {
    openSocket: (url: string) => {
      tried.push(protocol)
      return openSocket(url, [protocol])
    },
  }
  const { provider } = await join(room, 1, { ports })
  await until('the page', () => textOf(provider.doc) === 'once ')
  const large = 'x'.repeat(PAGE_BYTES + 1)
  const untilRefused = async () => {
    await until('the refusal', () => provider.state.refused !== null && provider.state.connection === connection)
    expect(provider.state).toMatchObject({ refused: { code: 'too-large' }, saved: { state: 'on this device' } })
    expect(textOf(provider.doc)).toBe(`once ${large}`)
  }
  write(provider.doc, large)
  await untilRefused()
  const copy = new Y.Doc()
  Y.applyUpdate(copy, provider.keepCopy())
  expect(textOf(copy)).toBe(`once ${large}`)
  provider.tryAgain()
  expect(provider.state.refused).toBeNull()
  await untilRefused()
  provider.doc.getText('text').delete(10, large.length)
  protocol = SUBPROTOCOL
  provider.tryAgain()
  await untilSaved(provider)
  expect(provider.state.refused).toBeNull()
  await until('the others to have the rest', () => textOf(author.provider.doc) === 'once xxxxx')
  protocol = spoken
  provider.disconnect()
  provider.connect()
  await untilSynced(provider)
  write(provider.doc, large)
  await until('the refusal', () => provider.state.refused?.code === 'too-large')
  protocol = SUBPROTOCOL
  const fresh = await provider.dropChange()
  await untilSaved(provider)
  expect(textOf(fresh)).toBe('once xxxxx')
  expect(provider.state.refused).toBeNull()
  // Nothing was tried but what was asked for.
  expect(tried).toHaveLength(spoken === 'y' ? 5 : 3)
}

/** All of a document that no fold can write out. */
const tooDeep = (doc: Y.Doc): Uint8Array => {
  doc.transact(() => {
    let parent: Y.XmlFragment = doc.getXmlFragment('xml')
    for (let depth = 0; depth < 20_000; depth++) {
      const child = new Y.XmlElement('p')
      parent.insert(0, [child])
      parent = child
    }
  })
  return Y.encodeStateAsUpdate(doc)
}
