/** A small app as a developer writes one, driven by the tests of the provider in a browser. */
import { deleteDB, openDB } from 'idb'
import { indexedDb } from '../../../shared/provider/indexeddb.ts'
import { type KeyValueStore, keyValue } from '../../../shared/provider/key-value.ts'
import {
  type ConnectOptions,
  connect,
  type Offline,
  type PageState,
  type Provider,
} from '../../../shared/provider/provider.ts'

export interface Opening extends Pick<ConnectOptions, 'url' | 'story' | 'page'> {
  readonly keptIn: 'indexedDb' | 'keys'
}

/** A store of keys that all tabs see alike; localStorage is none: each tab has its own view of it for a while. */
const keysThere = openDB('keys', 1, { upgrade: (fresh) => fresh.createObjectStore('keys') })
const keys: KeyValueStore = {
  getItem: async (key) => (await keysThere).get('keys', key),
  setItem: async (key, value) => (await keysThere).put('keys', value, key),
  removeItem: async (key) => (await keysThere).delete('keys', key),
}

const KEEPING: Record<Opening['keptIn'], () => Offline> = {
  indexedDb: () => indexedDb(),
  keys: () => keyValue(keys),
}

let provider: Provider | null = null
const opened = (): Provider => {
  if (provider === null) throw new Error('no page is open')
  return provider
}

const app = {
  open: async ({ keptIn, ...where }: Opening) => {
    provider = connect({ ...where, offline: KEEPING[keptIn]() })
    await provider.whenLoaded
  },
  write: (words: string) => {
    const text = opened().doc.getText('text')
    text.insert(text.length, words)
  },
  text: () => opened().doc.getText('text').toString(),
  state: () => opened().state,
  /** Tells of each state from now on. */
  watch: (tell: (state: PageState) => void) => void opened().subscribe(() => tell(opened().state)),
  /** Has the browser call the worker when there is a network. */
  syncLater: async (tag: string) => {
    const { sync } = (await navigator.serviceWorker.ready) as unknown as {
      sync: { register(tag: string): Promise<void> }
    }
    await sync.register(tag)
  },
  /** Whether the worker has brought what it was called for, and noted that it did. */
  isBrought: async () => (await caches.match('/synced')) !== undefined,
  leave: () => opened().destroy(),
  drop: async () => void (await opened().dropChange()),
  /** Takes all of the room that the browser gives this app, until `empty`. */
  fill: async () => {
    const chunk = new Uint8Array(1_000_000)
    for (let at = 0; at < chunk.length; at += 50_000) crypto.getRandomValues(chunk.subarray(at, at + 50_000))
    const database = await openDB(FILLING, 1, {
      upgrade: (fresh) => fresh.createObjectStore('chunks', { autoIncrement: true }),
    })
    for (let bytes = chunk.length; bytes > 0; bytes >>= 2) {
      while (await database.add('chunks', chunk.subarray(0, bytes)).then(() => true, isFull));
    }
    database.close()
  },
  empty: () => deleteDB(FILLING),
}

const FILLING = 'filling'
const isFull = (error: DOMException): boolean => {
  if (error.name !== 'QuotaExceededError') throw error
  return false
}

export type App = typeof app

await navigator.serviceWorker.register('/worker.js')
await navigator.serviceWorker.ready
Object.assign(globalThis, { app })
