/** A page's document on this device: what is written and heard, what of it waits, who is there, where it is kept. */
import { Awareness, removeAwarenessStates } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Kept, Offline } from './offline.ts'
import type { Channel, Ports } from './ports.ts'
import { Waiting } from './waiting.ts'
import { wordsOf } from './words.ts'

export interface CopyParts {
  readonly doc: Y.Doc
  /** The page, unique on the device. */
  readonly name: string
  readonly ports: Ports
  readonly offline: Offline | undefined
  /** Marks what comes from the service, as the origin of its transactions. */
  readonly origin: unknown
  /** Why the page cannot be kept; null: it can. */
  readonly storage: (fault: string | null) => void
  /** All that the device kept is in the document. */
  readonly ready: () => void
  /** Sends what was written here. @returns the number of its message; null: it goes along later */
  readonly write: (update: Uint8Array) => number | null
  /** Something was written here. */
  readonly wrote: () => void
  /** Shows others what these clients show. */
  readonly show: (clients: number[]) => void
}

interface AwarenessChange {
  readonly added: number[]
  readonly updated: number[]
  readonly removed: number[]
}

export class Copy {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly waiting: Waiting
  /** Resolves when what the device keeps is in the document. */
  readonly loaded: Promise<void>
  readonly #parts: CopyParts
  readonly #kept: Kept | null
  /** To other tabs that keep the page. */
  readonly #tabs: Channel | null
  #isLoaded = false
  #isForgotten = false

  constructor(parts: CopyParts) {
    this.#parts = parts
    this.doc = parts.doc
    this.awareness = new Awareness(parts.doc)
    // Whoever shows nothing yet is there all the same, and a first state is passed over by all who hear of it.
    this.awareness.setLocalState({})
    this.waiting = new Waiting(parts.doc, parts.ports.now)
    this.doc.on('update', this.#onUpdate)
    this.awareness.on('update', this.#onAwareness)
    this.#kept = this.#keep()
    this.#tabs = this.#kept === null ? null : parts.ports.tabs(parts.name, (update) => this.#hearTab(update))
    this.loaded = this.#load()
  }

  /** Notes on the device that all of the document is committed, where it is. */
  note(): void {
    if (this.#kept === null || this.#isForgotten) return
    const known = this.waiting.acknowledged()
    if (known !== null) this.#kept.acknowledge(known)
  }

  /** Whether what the device keeps is in the document. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  get isKept(): boolean {
    return this.#kept !== null && !this.#isForgotten
  }

  /** Who is there cannot be known without a socket. */
  forgetOthers(): void {
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.doc.clientID)
    removeAwarenessStates(this.awareness, others, this.#parts.origin)
  }

  /** Has the device forget the page. @throws Error when it cannot, and keeps it as before */
  async forget(): Promise<void> {
    this.#isForgotten = true
    try {
      await this.#kept?.clear()
    } catch (error) {
      this.#isForgotten = false
      throw error
    }
  }

  /** Lets go of the document, which stays. @returns resolves once all is kept */
  async close(): Promise<void> {
    this.doc.off('update', this.#onUpdate)
    this.awareness.off('update', this.#onAwareness)
    this.#tabs?.close()
    if (!this.#isForgotten) await this.#kept?.close()
  }

  #keep(): Kept | null {
    const { offline, name, storage } = this.#parts
    try {
      return offline?.(name, this.doc, storage) ?? null
    } catch (error) {
      storage(wordsOf(error))
      return null
    }
  }

  async #load(): Promise<void> {
    const { waiting } = this
    if (this.#kept === null) {
      waiting.opened(null)
      this.#isLoaded = true
      return
    }
    try {
      waiting.opened(await this.#kept.loaded)
    } catch (error) {
      this.#parts.storage(wordsOf(error))
      waiting.opened(null)
    }
    this.#isLoaded = true
    this.#parts.ready()
  }

  /** Brought to the service from here too: the other tab may be gone when the network is back. */
  #hearTab(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, this.#tabs)
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction): void => {
    if (origin === this.#parts.origin) return this.waiting.heard(transaction)
    // What waits is found out when all is there.
    if (!this.#isLoaded) return
    const n = this.#parts.write(update)
    this.waiting.wrote(transaction, n)
    // Tabs that have a socket hear of the rest by way of the service.
    if (n === null && origin !== this.#tabs) this.#tabs?.post(update)
    this.#parts.wrote()
  }

  readonly #onAwareness = ({ added, updated, removed }: AwarenessChange, origin: unknown): void => {
    if (origin !== this.#parts.origin) this.#parts.show([...added, ...updated, ...removed])
  }
}
