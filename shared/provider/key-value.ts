/**
 * Keeps pages in a store of keys and texts: AsyncStorage, MMKV, SQLite. Each page has two keys: what it was,
 * and what was changed since, put together when that grows. Whoever else keeps the same page here (another tab) is read
 * before each write, under a lock, so that nobody's words are written over.
 */
import * as Y from 'yjs'
import { fromBase64, toBase64 } from './base64.ts'
import { Keeping, type PageStore, putTogether } from './keeping.ts'
import type { Offline } from './offline.ts'
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
export const keyValue =
  (store: KeyValueStore, { prefix = 'scriptorium:', maxBytes = PAGE_BYTES }: KeyValueOptions = {}): Offline =>
  (name, doc, told) =>
    new Keeping(new Keys({ store, keys: keysOf(`${prefix}${name}`), maxBytes, gc: doc.gc }), doc, told)

const keysOf = (name: string) => ({ page: name, recent: `${name}#recent`, known: `${name}#known` })

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
    const merged = recent === null ? update : Y.mergeUpdates([recent, update])
    if (merged.length > RECENT_BYTES) return this.#compact(merged)
    await store.setItem(keys.recent, toBase64(merged))
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
  const { vector, ...counts } = JSON.parse(text) as { vector: string; deleted: number; seq?: number }
  return { stateVector: fromBase64(vector), ...counts }
}

const textOf = ({ stateVector, ...counts }: Acknowledged): string =>
  JSON.stringify({ vector: toBase64(stateVector), ...counts })
