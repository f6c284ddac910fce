/** A device with a network of its own, pages kept on it, and tabs that come and go. */
import { onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { defaultPorts, type Ports } from '../../shared/provider/ports.ts'
import { connect, type Provider } from '../../shared/provider/provider.ts'
import { randomEdit } from '../support/edits.ts'
import { hurried } from '../support/hurried.ts'
import { memoryStore } from '../support/key-values.ts'
import { openSocket } from '../support/provider.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import type { Random } from '../support/random.ts'

const SPEED = 10
const MOST_TABS = 2
/** How often in a row an app has no token to give. */
const WITHOUT_TOKEN = 3
const MISHAPS = [
  'cut',
  'stall',
  'blink',
  'resume',
  'resume',
  'tab',
  'reload',
  'crash',
  'jump',
  'slow clock',
  'ended token',
  'no token',
] as const

export interface DeviceParts {
  readonly name: string
  readonly port: number
  readonly story: string
  /** Gives a token. @param isEnded one that has ended */
  readonly token: (isEnded: boolean) => Promise<string>
  readonly random: Random
  /** A tab says that all is saved: what was written in it must be in the database then. Others answer for what they wrote. */
  readonly green: (written: Held) => void
}

export class Device {
  readonly #parts: DeviceParts
  readonly #proxy: TcpProxy
  #store = memoryStore()
  readonly #tabs = new Set<Provider>()
  /** What was ever written here, without what a crash took before it was kept or saved. */
  written: string[] = []
  #edits = 0
  /** Of that, what a light called saved. */
  readonly #saved = new Set<string>()
  readonly #tokens: ('ended' | 'none')[] = []
  #isFarBehind = false
  #jumped = 0

  static async start(parts: DeviceParts): Promise<Device> {
    const device = new Device(parts, await startProxy('127.0.0.1', parts.port))
    onTestFinished(() => device.closeAll())
    device.openTab()
    return device
  }

  private constructor(parts: DeviceParts, proxy: TcpProxy) {
    this.#parts = parts
    this.#proxy = proxy
  }

  get tabs(): readonly Provider[] {
    return [...this.#tabs]
  }

  openTab(): void {
    if (this.#tabs.size >= MOST_TABS) return
    const { story, green } = this.#parts
    const clock = hurried(SPEED)
    const tab = connect({
      // The page has one name on the device, whatever the port.
      url: 'ws://device/collab',
      story,
      page: 'p1',
      token: () => this.#token(),
      offline: keyValue(this.#store),
      ports: {
        ...clock,
        now: () => (clock.now as () => number)() + this.#jumped,
        time: () => Date.now() + (this.#isFarBehind ? -3_600_000 : this.#jumped),
        openSocket: (url, protocols) => openSocket(url.replace('device', `127.0.0.1:${this.#proxy.port}`), protocols),
        tabs: this.#channel,
      },
    })
    this.#tabs.add(tab)
    let wasGreen = tab.state.saved.state === 'saved'
    const deletes: Y.Transaction['deleteSet'][] = []
    tab.doc.on('afterTransaction', ({ local, deleteSet }: Y.Transaction) => {
      if (local && deleteSet.clients.size > 0) deletes.push(deleteSet)
    })
    tab.subscribe(() => {
      const isGreen = tab.state.saved.state === 'saved'
      if (isGreen && !wasGreen) {
        for (const id of this.written) if (tab.doc.getMap('written').has(id)) this.#saved.add(id)
        green(writtenIn(tab.doc, deletes))
      }
      wasGreen = isGreen
    })
  }

  /** All devices are in this process: each has a channel of its own. */
  readonly #channel: Ports['tabs'] = (name, heard) => defaultPorts.tabs(`${this.#parts.name}:${name}`, heard)

  #token(): Promise<string> {
    const what = this.#tokens.shift()
    if (what === 'none') throw new Error('the app has no token now')
    return this.#parts.token(what === 'ended')
  }

  async closeAll(): Promise<void> {
    const tabs = [...this.#tabs]
    this.#tabs.clear()
    await Promise.all(tabs.map((tab) => tab.destroy()))
  }

  /** Something happens to the device or its network. */
  async mishap(): Promise<void> {
    const { random } = this.#parts
    switch (random.pick(MISHAPS)) {
      case 'cut':
        return this.#proxy.cut()
      case 'stall':
        return this.#proxy.stall()
      case 'blink':
        this.#proxy.cut()
        return this.#proxy.resume()
      case 'resume':
        return this.#proxy.resume()
      case 'tab':
        return this.openTab()
      case 'reload':
        await this.closeAll()
        return this.openTab()
      case 'crash':
        return this.#crash()
      case 'jump':
        this.#jumped += random.below(3_600_000)
        return
      case 'slow clock':
        this.#isFarBehind = !this.#isFarBehind
        return
      case 'ended token':
        this.#tokens.push('ended')
        return
      case 'no token':
        this.#tokens.push(...Array<'none'>(WITHOUT_TOKEN).fill('none'))
        return
    }
  }

  /** The browser is killed: what it was about to keep or to send is gone, and nothing else. */
  async #crash(): Promise<void> {
    const dead = this.tabs
    this.#tabs.clear()
    this.#proxy.cut()
    // What the dead ones write from now on is nobody's.
    this.#store = memoryStore(new Map(this.#store.items))
    for (const tab of dead) void tab.destroy()
    this.openTab()
    const [tab] = this.tabs as [Provider]
    await tab.whenLoaded
    const kept = tab.doc.getMap('written')
    this.written = this.written.filter((id) => kept.has(id) || this.#saved.has(id))
    this.#proxy.resume()
  }

  async write(): Promise<void> {
    const { random, name } = this.#parts
    const tab = random.pick(this.tabs)
    await tab.whenLoaded
    const id = `${name}${this.#edits++}`
    this.written.push(id)
    tab.doc.transact(() => {
      tab.doc.getMap('written').set(id, 1)
      randomEdit(tab.doc, random)
    })
  }

  /** The network is there again, and stays; whoever was turned away tries again. */
  recover(): void {
    this.#proxy.resume()
    this.#isFarBehind = false
    this.#tokens.length = 0
    for (const tab of this.#tabs) if (tab.state.connection === 'denied') tab.tryAgain()
  }
}

/** What was written in one tab up to a moment. */
export interface Held {
  readonly vector: ReadonlyMap<number, number>
  readonly deletes: Y.Transaction['deleteSet']
}

const writtenIn = (doc: Y.Doc, deletes: readonly Y.Transaction['deleteSet'][]): Held => ({
  vector: new Map([[doc.clientID, Y.getState(doc.store, doc.clientID)]]),
  deletes: Y.mergeDeleteSets([...deletes]),
})

/** What of `held` a document lacks, in words; null: nothing. */
export const lackOf = (doc: Y.Doc, { vector, deletes }: Held): string | null => {
  for (const [client, clock] of vector) {
    const there = Y.getState(doc.store, client)
    if (there < clock) return `of client ${client} only ${there} of ${clock}`
  }
  const there = Y.createDeleteSetFromStructStore(doc.store)
  for (const [client, ranges] of deletes.clients) {
    for (const { clock, len } of ranges) {
      for (let at = clock; at < clock + len; at++) {
        if (!Y.isDeleted(there, Y.createID(client, at))) return `the delete of ${client}:${at}`
      }
    }
  }
  return null
}
