/** Keeps a page in a store, one write at a time; what a store does not take is told, held, and offered again. */
import * as Y from 'yjs'
import type { Kept } from './offline.ts'
import type { Acknowledged } from './waiting.ts'
import { wordsOf } from './words.ts'

export interface Read {
  readonly updates: readonly Uint8Array[]
  /** What was noted and is to be written still. */
  readonly noted?: readonly Uint8Array[]
  readonly known: Acknowledged | null
}

/** Where one page is kept. Whoever else keeps the same page there may write between any two calls. */
export interface PageStore {
  /** @throws Error when it cannot be read */
  read(): Promise<Read>
  /** Adds `update`, then `known`; null: there is none. @throws Error when it is not all kept; adding it again does no harm */
  write(update: Uint8Array | null, known: Acknowledged | null): Promise<void>
  /** Notes without waiting what is not written; null: all is. @throws Error when it cannot */
  note?(unwritten: Uint8Array | null): void
  /** Forgets the page. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** A store that was full is tried again after this, whether or not something is written. */
const AGAIN_MS = 5000

export class Keeping implements Kept {
  readonly loaded: Promise<Acknowledged | null>
  readonly #store: PageStore
  readonly #doc: Y.Doc
  readonly #told: (fault: string | null) => void
  /** Not written yet. */
  #updates: Uint8Array[] = []
  #inWriting: Uint8Array | null = null
  #known: Acknowledged | null = null
  /** The work under way; each waits for the one before. */
  #work: Promise<unknown>
  #isDue = false
  #isClosing = false
  #again: ReturnType<typeof setTimeout> | null = null

  /** @param told hears why something cannot be kept; null: it can again */
  constructor(store: PageStore, doc: Y.Doc, told: (fault: string | null) => void) {
    this.#store = store
    this.#doc = doc
    this.#told = told
    doc.on('update', this.#onUpdate)
    this.loaded = this.#load()
    this.#work = this.loaded.catch(() => undefined)
  }

  acknowledge(known: Acknowledged): void {
    this.#known = known
    this.#writeLater()
  }

  /** The surroundings may end at once: has what is not written noted. */
  part(): void {
    const unwritten = [...(this.#inWriting === null ? [] : [this.#inWriting]), ...this.#updates]
    try {
      this.#store.note?.(unwritten.length === 0 ? null : Y.mergeUpdates(unwritten))
    } catch (error) {
      this.#told(wordsOf(error))
    }
  }

  async clear(): Promise<void> {
    this.#stop()
    this.#updates = []
    this.#known = null
    await this.#work
    try {
      await this.#store.clear()
    } catch (error) {
      this.#goOn()
      throw error
    }
    await this.#store.close()
  }

  async close(): Promise<void> {
    this.#stop()
    // What could not be kept has a last chance.
    if (this.#updates.length > 0) this.#enqueue()
    await this.#work
    await this.#store.close()
  }

  #stop(): void {
    this.#isClosing = true
    this.#doc.off('update', this.#onUpdate)
    if (this.#again !== null) clearTimeout(this.#again)
  }

  /** Keeps the page again, which is there in part, or changed meanwhile. */
  #goOn(): void {
    this.#isClosing = false
    this.#updates = [Y.encodeStateAsUpdate(this.#doc)]
    this.#doc.on('update', this.#onUpdate)
    this.#writeLater()
  }

  async #load(): Promise<Acknowledged | null> {
    const { updates, noted = [], known } = await this.#store.read()
    Y.transact(
      this.#doc,
      () => {
        for (const update of [...updates, ...noted]) Y.applyUpdate(this.#doc, update, this)
      },
      this,
      false,
    )
    this.#updates.push(...noted)
    if (noted.length > 0) this.#writeLater()
    return known
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    this.#updates.push(update)
    this.#writeLater()
  }

  #writeLater(): void {
    if (!this.#isDue && !this.#isClosing) this.#enqueue()
  }

  #enqueue(): void {
    this.#isDue = true
    this.#work = this.#work.then(async () => {
      this.#isDue = false
      await this.#write()
    })
  }

  async #write(): Promise<void> {
    const update = this.#updates.length === 0 ? null : Y.mergeUpdates(this.#updates.splice(0))
    const known = this.#known
    this.#known = null
    if (update === null && known === null) return
    this.#inWriting = update
    try {
      await this.#store.write(update, known)
      this.#inWriting = null
      if (this.#updates.length === 0) this.#store.note?.(null)
      this.#told(null)
    } catch (error) {
      this.#inWriting = null
      if (update !== null) this.#updates.unshift(update)
      this.#known ??= known
      this.#told(wordsOf(error))
      if (this.#isClosing) return
      if (this.#again !== null) clearTimeout(this.#again)
      this.#again = setTimeout(() => this.#writeLater(), AGAIN_MS)
    }
  }
}

/** Puts a page together as a document does, which forgets what was deleted. */
export const putTogether = (updates: readonly Uint8Array[], gc: boolean): Uint8Array => {
  const whole = new Y.Doc({ gc })
  for (const update of updates) Y.applyUpdate(whole, update)
  const bytes = Y.encodeStateAsUpdate(whole)
  whole.destroy()
  return bytes
}
