/** A page of a story: its document, who else is there, and a light that tells the truth about what is saved. */
import { ObservableV2 } from 'lib0/observable'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { callApp } from './callbacks.ts'
import { Connection } from './connection.ts'
import { Copy } from './copy.ts'
import { Light } from './light.ts'
import type { Offline } from './offline.ts'
import { pageUrl } from './page-url.ts'
import { defaultPorts, type Ports } from './ports.ts'
import { type Connection as Connected, INITIAL, Observable, type PageState } from './state.ts'
import type { Token } from './token.ts'
import { wordsOf } from './words.ts'

export type { Kept, ListedOffline, Offline } from './offline.ts'
export type { Channel, Ports, Signal, SocketLike } from './ports.ts'
export type { Connection, PageState, Progress, Refused, Saved } from './state.ts'
export type { Token } from './token.ts'
export type { Acknowledged } from './waiting.ts'

export interface ConnectOptions {
  /** Where pages are served, as a stock provider is given it: `wss://stories.example/collab`. */
  readonly url: string
  readonly story: string
  readonly page: string
  /** A document to fill; made where there is none. */
  readonly doc?: Y.Doc
  /** A token, or what gives one; asked at each opening and before the last one ends. None in open mode. */
  readonly token?: Token
  /** Keeps the page on this device. */
  readonly offline?: Offline
  /** false: waits for `connect()`. */
  readonly connect?: boolean
  /** What of the surroundings is not as in a browser. */
  readonly ports?: Partial<Ports>
}

/** As stock providers tell it. */
export type Status = 'connected' | 'connecting' | 'disconnected'

export interface ProviderEvents {
  status: (event: { readonly status: Status }) => void
  sync: (isSynced: boolean) => void
  synced: (isSynced: boolean) => void
  /** Another document stands in the place of the one before: see `dropChange`. */
  doc: (doc: Y.Doc) => void
}

const STATUSES: Readonly<Record<Connected, Status>> = {
  connecting: 'connecting',
  online: 'connected',
  offline: 'disconnected',
  denied: 'disconnected',
}

/** Opens a page. An address that is none is told by `state.connectFault`. @throws URIError when a name has half a character */
export const connect = (options: ConnectOptions): Provider => new Provider(options)

export class Provider extends ObservableV2<ProviderEvents> {
  readonly story: string
  readonly page: string
  readonly #options: ConnectOptions
  readonly #ports: Ports
  readonly #url: string
  readonly #observed = new Observable(INITIAL)
  readonly #connection: Connection
  readonly #light: Light
  #copy: Copy
  #status: Status = 'disconnected'
  #dropping: Promise<Y.Doc> | null = null
  #isDestroyed = false

  constructor(options: ConnectOptions) {
    super()
    const { url, story, page, token } = options
    this.story = story
    this.page = page
    this.#options = options
    this.#ports = { ...defaultPorts, ...options.ports }
    this.#url = pageUrl(url, story, page)
    this.#connection = new Connection({
      ports: this.#ports,
      url: this.#url,
      token,
      origin: this,
      copy: () => this.#copy,
      change: (changes) => this.#change(changes),
      moved: () => this.#light.look(),
      synced: (isSynced) => {
        callApp(() => this.emit('sync', [isSynced]))
        callApp(() => this.emit('synced', [isSynced]))
      },
    })
    this.#light = new Light({
      ports: this.#ports,
      copy: () => this.#copy,
      isSending: () => this.#connection.isSending,
      hasHeard: () => this.#connection.hasHeard,
      show: (saved) => this.#observed.change({ saved }),
    })
    this.#copy = this.#copyOf(options.doc ?? new Y.Doc())
    this.#light.look()
    if (options.connect !== false) this.connect()
  }

  get doc(): Y.Doc {
    return this.#copy.doc
  }

  get awareness(): Awareness {
    return this.#copy.awareness
  }

  /** What to show; the same object until something changes. */
  get state(): PageState {
    return this.#observed.state
  }

  /** Hears of each change of `state`. @returns how to stop */
  get subscribe(): (listener: () => void) => () => void {
    return this.#observed.subscribe
  }

  get synced(): boolean {
    return this.state.synced
  }

  get wsconnected(): boolean {
    return this.state.connection === 'online'
  }

  /** Resolves once the document holds what this device kept. */
  get whenLoaded(): Promise<void> {
    return this.#copy.loaded
  }

  /** Opens the page; comes back by itself until `disconnect`. */
  connect(): void {
    if (!this.#isDestroyed) this.#connection.start()
  }

  /** Leaves the page; the document stays, and what is written waits. */
  disconnect(): void {
    this.#connection.stop()
  }

  /** Leaves for good. What is kept on the device stays there. @returns resolves once all is kept */
  override async destroy(): Promise<void> {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    // Tells the others.
    this.#copy.awareness.destroy()
    this.#connection.close()
    this.#light.note()
    this.#light.off()
    super.destroy()
    await this.#copy.close().catch((error: unknown) => this.#observed.change({ storageFault: wordsOf(error) }))
  }

  /** All of the document as one Yjs update, refused changes included, to be kept elsewhere. */
  keepCopy(): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc)
  }

  /** Sends again what was refused, or opens again what was denied. */
  tryAgain(): void {
    this.#observed.change({ refused: null })
    if (!this.#isDestroyed) this.#connection.tryAgain()
  }

  /**
   * Gives up all that is not committed: a fresh document takes the place of this one, here and on the device. Bind the
   * editor to it.
   * @returns the fresh document
   * @throws Error when the device cannot forget the old one: then that stays, kept and connected as before
   */
  dropChange(): Promise<Y.Doc> {
    this.#dropping ??= this.#drop().finally(() => {
      this.#dropping = null
    })
    return this.#dropping
  }

  async #drop(): Promise<Y.Doc> {
    const { isWanted } = this.#connection
    const old = this.#copy
    const shown = old.awareness.getLocalState()
    this.disconnect()
    try {
      await old.forget()
    } catch (error) {
      this.#observed.change({ storageFault: wordsOf(error) })
      if (isWanted) this.connect()
      throw error
    }
    await old.close()
    if (this.#isDestroyed) return old.doc
    old.awareness.destroy()
    this.#copy = this.#copyOf(new Y.Doc({ gc: old.doc.gc }))
    this.awareness.setLocalState(shown)
    this.#observed.change({ refused: null, synced: false })
    this.#light.look()
    callApp(() => this.emit('doc', [this.doc]))
    if (isWanted) this.connect()
    return this.doc
  }

  #copyOf(doc: Y.Doc): Copy {
    return new Copy({
      doc,
      name: this.#url,
      ports: this.#ports,
      offline: this.#options.offline,
      origin: this,
      storage: (storageFault) => this.#observed.change({ storageFault }),
      ready: () => this.#light.look(),
      write: (update) => this.#connection.write(update),
      wrote: () => this.#light.wrote(),
      show: (clients) => this.#connection.show(clients),
    })
  }

  #change(changes: Partial<PageState>): void {
    this.#observed.change(changes)
    const status = STATUSES[this.state.connection]
    if (status === this.#status) return
    this.#status = status
    callApp(() => this.emit('status', [{ status }]))
  }
}
