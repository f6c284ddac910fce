/**
 * The pictures of a story, by the SHA-256 of their bytes. What is added is kept in IndexedDB first and sent when the
 * service can be reached; what was seen once is there without a network. Documents hold the names only.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { digest } from 'lib0/hash/sha256'
import { ApiFault, ask } from './api.ts'
import { pathOf } from './path.ts'
import { shrink } from './shrink.ts'

interface Kept {
  readonly key: string
  readonly story: string
  readonly sha256: string
  readonly blob: Blob
  /** A page on which it was put, for those who may write there alone. */
  readonly page: string
  /** 1: the service has not got it yet. */
  readonly waiting: 0 | 1
}

interface Schema extends DBSchema {
  pictures: { key: string; value: Kept; indexes: { waiting: [story: string, waiting: number] } }
}

const FIRST_RETRY_MS = 2000
const LAST_RETRY_MS = 60_000
/** Answers that another attempt would not change. */
const FINAL = [400, 413, 415, 422]
/** Answers to whoever may not write. */
const BARRED = [401, 403, 404]

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

export class Pictures {
  readonly #story: string
  readonly #changed: () => void
  readonly #urls = new Map<string, Promise<string>>()
  #database: Promise<IDBPDatabase<Schema>> | null = null
  #waiting: ReadonlySet<string> = new Set()
  #refused = new Map<string, string>()
  #isSending = false
  #retryMs = FIRST_RETRY_MS
  #timer: ReturnType<typeof setTimeout> | null = null
  #isClosed = false

  /** @param changed is told whenever what waits changes */
  constructor(story: string, changed: () => void) {
    this.#story = story
    this.#changed = changed
  }

  /** How many the service has not got yet. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether the service has not got this one yet. */
  isWaiting(sha256: string): boolean {
    return this.#waiting.has(sha256)
  }

  /** Why the service did not take a picture, or null. */
  refusal(sha256: string): string | null {
    return this.#refused.get(sha256) ?? null
  }

  /** Looks what waits from before, and sends it. */
  async start(): Promise<void> {
    await this.#count()
    this.send()
  }

  /**
   * Adds a picture, made smaller.
   * @returns its name
   * @throws Error when it is no picture, or the device cannot keep it
   */
  async add(file: Blob, page: string): Promise<string> {
    const blob = await shrink(file)
    const sha256 = hex(digest(new Uint8Array(await blob.arrayBuffer())))
    const database = await this.#open()
    const kept: Kept = { key: this.#keyOf(sha256), story: this.#story, sha256, blob, page, waiting: 1 }
    // Known or not: a service that has cleared it away gets it again.
    await database.put('pictures', kept)
    this.#urls.set(sha256, Promise.resolve(URL.createObjectURL(blob)))
    await this.#count()
    this.send()
    return sha256
  }

  /** Address of a picture within this window. @throws ApiFault where neither the device nor the service has it now */
  url(sha256: string, page: string): Promise<string> {
    const known = this.#urls.get(sha256)
    if (known !== undefined) return known
    const found = this.#find(sha256, page)
    this.#urls.set(sha256, found)
    found.catch(() => this.#urls.delete(sha256))
    return found
  }

  /** Sends what waits; tries again ever more slowly while the service is away. */
  send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#isSending || this.#isClosed || this.#waiting.size === 0) return
    this.#isSending = true
    this.#sendAll()
      .then(
        () => {
          this.#retryMs = FIRST_RETRY_MS
        },
        () => {
          this.#timer = setTimeout(() => this.send(), this.#retryMs)
          this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2)
        },
      )
      .finally(() => {
        this.#isSending = false
      })
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    void this.#database?.then((database) => database.close())
  }

  async #sendAll(): Promise<void> {
    const database = await this.#open()
    for (const kept of await database.getAllFromIndex('pictures', 'waiting', [this.#story, 1])) {
      if (this.#refused.has(kept.sha256)) continue
      try {
        await this.#put(kept)
      } catch (error) {
        if (!(error instanceof ApiFault) || !FINAL.includes(error.status)) throw error
        this.#refused.set(kept.sha256, error.message)
        this.#changed()
        continue
      }
      await database.put('pictures', { ...kept, waiting: 0 })
      await this.#count()
    }
  }

  async #find(sha256: string, page: string): Promise<string> {
    const kept = await this.#open()
      .then((database) => database.get('pictures', this.#keyOf(sha256)))
      // A device that keeps nothing still shows what the service has.
      .catch(() => undefined)
    if (kept !== undefined) {
      if (kept.waiting === 0) void this.#bringAgain({ ...kept, page })
      return URL.createObjectURL(kept.blob)
    }
    const answer = await ask(this.#story, `${pathOf(this.#story)}/assets/${sha256}`, { query: { page } })
    const blob = await answer.blob()
    const fresh: Kept = { key: this.#keyOf(sha256), story: this.#story, sha256, blob, page, waiting: 0 }
    await this.#open()
      .then((database) => database.put('pictures', fresh))
      .catch(() => undefined)
    return URL.createObjectURL(blob)
  }

  /** A service whose database was put back in time may have lost it, and others look for it there in vain. */
  async #bringAgain(kept: Kept): Promise<void> {
    try {
      await ask(this.#story, `${pathOf(this.#story)}/assets/${kept.sha256}`, {
        method: 'HEAD',
        query: { page: kept.page },
      })
    } catch (error) {
      if (error instanceof ApiFault && error.status === 404) await this.#bring(kept)
    }
  }

  async #bring(kept: Kept): Promise<void> {
    try {
      await this.#put(kept)
    } catch (error) {
      // Whoever only reads leaves it to those who write.
      if (!(error instanceof ApiFault) || [...FINAL, ...BARRED].includes(error.status)) return
      const database = await this.#open()
      await database.put('pictures', { ...kept, waiting: 1 })
      await this.#count()
      this.send()
    }
  }

  async #put({ blob, sha256, page }: Kept): Promise<void> {
    await ask(this.#story, `${pathOf(this.#story)}/assets/${sha256}`, { method: 'PUT', body: blob, query: { page } })
  }

  async #count(): Promise<void> {
    const database = await this.#open()
    const keys = await database.getAllKeysFromIndex('pictures', 'waiting', [this.#story, 1])
    this.#waiting = new Set(keys.map((key) => key.slice(key.lastIndexOf(' ') + 1)))
    this.#changed()
  }

  #keyOf(sha256: string): string {
    return `${this.#story} ${sha256}`
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    if (this.#database !== null) return this.#database
    const opening = openDB<Schema>('scriptorium-pictures', 1, {
      upgrade: (database) => {
        database.createObjectStore('pictures', { keyPath: 'key' }).createIndex('waiting', ['story', 'waiting'])
      },
    })
    this.#database = opening
    opening.catch(() => {
      this.#database = null
    })
    return opening
  }
}
