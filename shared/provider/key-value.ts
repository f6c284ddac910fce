/**
 * Keeps pages in a store of keys and texts: AsyncStorage, MMKV, SQLite, localStorage. Each page has two keys: what it was,
 * and what was changed since, put together when that grows. Whoever else keeps the same page here (another tab) is read
 * before each write, under a lock, so that nobody's words are written over.
 */
import * as Y from 'yjs'
import { fromBase64, toBase64 } from './base64.ts'
import type { Kept, Offline } from './offline.ts'
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
    new KeptByKey({ store, keys: keysOf(`${prefix}${name}`), maxBytes, doc, told })

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
  readonly doc: Y.Doc
  readonly told: (fault: string | null) => void
}

class KeptByKey implements Kept {
  readonly loaded: Promise<Acknowledged | null>
  readonly #parts: Parts
  /** Not written yet. */
  #updates: Uint8Array[] = []
  #known: Acknowledged | null = null
  /** The work under way; each waits for the one before. */
  #work: Promise<unknown>
  #isDue = false
  #isForgotten = false

  constructor(parts: Parts) {
    this.#parts = parts
    parts.doc.on('update', this.#onUpdate)
    this.loaded = this.#load()
    this.#work = this.loaded.catch(() => undefined)
  }

  acknowledge(known: Acknowledged): void {
    this.#known = known
    this.#writeLater()
  }

  async clear(): Promise<void> {
    const { store, keys } = this.#parts
    this.#stop()
    await this.#work
    for (const key of [keys.known, keys.recent, keys.page]) await store.removeItem(key)
  }

  async close(): Promise<void> {
    this.#parts.doc.off('update', this.#onUpdate)
    await this.#work
  }

  #stop(): void {
    this.#isForgotten = true
    this.#parts.doc.off('update', this.#onUpdate)
    this.#updates = []
    this.#known = null
  }

  async #load(): Promise<Acknowledged | null> {
    const { store, keys, doc } = this.#parts
    for (const key of [keys.page, keys.recent]) {
      const update = await this.#read(key)
      if (update !== null) Y.applyUpdate(doc, update, this)
    }
    const known = await store.getItem(keys.known)
    if (!known) return null
    const { vector, ...counts } = JSON.parse(known) as { vector: string; deleted: number; seq?: number }
    return { stateVector: fromBase64(vector), ...counts }
  }

  async #read(key: string): Promise<Uint8Array | null> {
    const text = await this.#parts.store.getItem(key)
    return text ? fromBase64(text) : null
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    this.#updates.push(update)
    this.#writeLater()
  }

  #writeLater(): void {
    if (this.#isDue || this.#isForgotten) return
    this.#isDue = true
    this.#work = this.#work.then(async () => {
      this.#isDue = false
      try {
        await exclusively(this.#parts.store, this.#parts.keys.page, () => this.#write())
        this.#parts.told(null)
      } catch (error) {
        this.#parts.told(error instanceof Error ? error.message : String(error))
      }
    })
  }

  /** @throws Error when the store does not take it; what is not kept is kept for the next attempt */
  async #write(): Promise<void> {
    const { store, keys } = this.#parts
    const updates = this.#updates.splice(0)
    const known = this.#known
    this.#known = null
    try {
      if (updates.length > 0) await this.#append(Y.mergeUpdates(updates))
    } catch (error) {
      this.#updates.unshift(...updates)
      if (this.#updates.length > 1) this.#updates = [Y.mergeUpdates(this.#updates)]
      throw error
    }
    if (known === null || this.#isForgotten) return
    const { stateVector, ...counts } = known
    const text = JSON.stringify({ vector: toBase64(stateVector), ...counts })
    await store.setItem(keys.known, text)
  }

  async #append(update: Uint8Array): Promise<void> {
    const { store, keys } = this.#parts
    const recent = await this.#read(keys.recent)
    const merged = recent === null ? update : Y.mergeUpdates([recent, update])
    if (merged.length > RECENT_BYTES) return this.#compact(merged)
    await store.setItem(keys.recent, toBase64(merged))
  }

  /** Puts the page together as a document does, which forgets what was deleted. */
  async #compact(recent: Uint8Array): Promise<void> {
    const { store, keys, maxBytes, doc } = this.#parts
    const whole = new Y.Doc({ gc: doc.gc })
    const page = await this.#read(keys.page)
    for (const update of [page, recent]) if (update !== null) Y.applyUpdate(whole, update)
    const bytes = Y.encodeStateAsUpdate(whole)
    whole.destroy()
    if (bytes.length > maxBytes) throw new Error(`the page is larger than the ${maxBytes} bytes that may be kept`)
    await store.setItem(keys.page, toBase64(bytes))
    // Ended before this, it is there twice, which does no harm.
    await store.removeItem(keys.recent)
  }
}
