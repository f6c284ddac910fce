/**
 * Keeps pages in a store of keys and texts: AsyncStorage, MMKV, SQLite. Each page has two keys: what it was,
 * and what was changed since, put together when that grows. Whoever else keeps the same page here (another tab) is read
 * before each write, under a lock, so that nobody's words are written over.
 */
import * as Y from 'yjs'
import { fromBase64, toBase64 } from './base64.ts'
import { Keeping, type PageStore, putTogether } from './keeping.ts'
import type { ListedOffline } from './offline.ts'
import type { Acknowledged } from './waiting.ts'

/** What is needed of a store; both kinds of answers will do. */
export interface KeyValueStore {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>
  setItem(key: string, value: string): unknown
  removeItem(key: string): unknown
}

export interface KeyValueOptions {
  /** What all keys begin with. */
  readonly prefix?: string
  /** Bytes of a page past which it is kept no longer. */
  readonly maxBytes?: number
}

/** Changes since the page was put together last, past which it is done again. */
const RECENT_BYTES = 64 * 1024
const PAGE_BYTES = 16 * 1024 * 1024

/** Keeps pages in `store`. */
export const keyValue = (
  store: KeyValueStore,
  { prefix = 'scriptorium:', maxBytes = PAGE_BYTES }: KeyValueOptions = {},
): ListedOffline => {
  const offline = (name: string, doc: Y.Doc, told: (fault: string | null) => void) =>
    new Keeping(new Keys({ store, keys: keysOf(prefix, name), name, maxBytes, gc: doc.gc }), doc, told)
  const names = async (beginning: string) => namesIn(await store.getItem(keysOf(prefix, beginning).names))
  return Object.assign(offline, { names })
}

/** Pages of one story are listed under one key: stores do not say which keys they hold. */
const keysOf = (prefix: string, name: string) => ({
  page: `${prefix}${name}`,
  recent: `${prefix}${name}#recent`,
  known: `${prefix}${name}#known`,
  names: `${prefix}${name.slice(0, name.lastIndexOf('/') + 1)}#pages`,
})

const namesIn = (text: string | null | undefined): string[] => (text ? (JSON.parse(text) as string[]) : [])

interface Locks {
  request(name: string, work: () => Promise<void>): Promise<void>
}

/** Work on the pages of each store, by page: the last begun. */
const working = new WeakMap<KeyValueStore, Map<string, Promise<void>>>()

/** Does `work` when nobody else works on the page: in other tabs too, where there are locks. */
const exclusively = (store: KeyValueStore, page: string, work: () => Promise<void>): Promise<void> => {
  const { locks } = (globalThis as { navigator?: { locks?: Locks } }).navigator ?? {}
  if (locks !== undefined) return locks.request(page, work)
  const ofStore = working.get(store) ?? new Map<string, Promise<void>>()
  working.set(store, ofStore)
  const mine = (ofStore.get(page) ?? Promise.resolve()).then(work)
  const ended = mine.catch(() => undefined)
  ofStore.set(page, ended)
  return mine.finally(() => {
    if (ofStore.get(page) === ended) ofStore.delete(page)
  })
}

interface Parts {
  readonly store: KeyValueStore
  readonly keys: ReturnType<typeof keysOf>
  readonly name: string
  readonly maxBytes: number
  readonly gc: boolean
}

class Keys implements PageStore {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async read() {
    const { store, keys } = this.#parts
    const updates: Uint8Array[] = []
    for (const key of [keys.page, keys.recent]) {
      const update = await this.#read(key)
      if (update !== null) updates.push(update)
    }
    const known = await store.getItem(keys.known)
    return { updates, known: known ? acknowledgedOf(known) : null }
  }

  write(update: Uint8Array | null, known: Acknowledged | null): Promise<void> {
    const { store, keys } = this.#parts
    return exclusively(store, keys.page, async () => {
      if (update !== null) await this.#append(update)
      if (known !== null) await store.setItem(keys.known, textOf(known))
    })
  }

  clear(): Promise<void> {
    const { store, keys } = this.#parts
    return exclusively(store, keys.page, async () => {
      for (const key of [keys.known, keys.recent, keys.page]) await store.removeItem(key)
    })
  }

  async close(): Promise<void> {}

  async #read(key: string): Promise<Uint8Array | null> {
    const text = await this.#parts.store.getItem(key)
    return text ? fromBase64(text) : null
  }

  async #append(update: Uint8Array): Promise<void> {
    const { store, keys } = this.#parts
    const recent = await this.#read(keys.recent)
    if (recent === null) await this.#list()
    const merged = recent === null ? update : Y.mergeUpdates([recent, update])
    if (merged.length > RECENT_BYTES) return this.#compact(merged)
    await store.setItem(keys.recent, toBase64(merged))
  }

  /** Before it is written: a page that is listed and not there does no harm. */
  async #list(): Promise<void> {
    const { store, keys, name } = this.#parts
    await exclusively(store, keys.names, async () => {
      const names = namesIn(await store.getItem(keys.names))
      if (!names.includes(name)) await store.setItem(keys.names, JSON.stringify([...names, name].sort()))
    })
  }

  async #compact(recent: Uint8Array): Promise<void> {
    const { store, keys, maxBytes, gc } = this.#parts
    const page = await this.#read(keys.page)
    const bytes = putTogether(page === null ? [recent] : [page, recent], gc)
    if (bytes.length > maxBytes) throw new Error(`the page is larger than the ${maxBytes} bytes that may be kept`)
    await store.setItem(keys.page, toBase64(bytes))
    // Ended before this, it is there twice, which does no harm.
    await store.removeItem(keys.recent)
  }
}

const acknowledgedOf = (text: string): Acknowledged => {
  const { vector, ...counts } = JSON.parse(text) as Omit<Acknowledged, 'stateVector'> & { readonly vector: string }
  return { stateVector: fromBase64(vector), ...counts }
}

const textOf = ({ stateVector, ...counts }: Acknowledged): string =>
  JSON.stringify({ vector: toBase64(stateVector), ...counts })
