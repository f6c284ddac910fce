/** A page of a story: its document, who else is there, and a light that tells the truth about what is saved. */
import { ObservableV2 } from 'lib0/observable'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { awarenessMessage, Close, type MemberState, tokenMessage } from '../protocol.ts'
import { mustAct, readReason, waitBefore } from './back-off.ts'
import { Link } from './link.ts'
import type { Kept, Offline } from './offline.ts'
import { pageUrl } from './page-url.ts'
import { defaultPorts, type Ports, type Signal } from './ports.ts'
import { Session } from './session.ts'
import { Observed, type PageState, type Refused } from './state.ts'
import { renewIn, type Token, tokenNow } from './token.ts'
import { Waiting } from './waiting.ts'

export type { Kept, Offline } from './offline.ts'
export type { Ports, Signal, SocketLike } from './ports.ts'
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

/** A socket that lived for this long after its page was there was no failure. */
const STEADY_MS = 5000
/** While something waits, its age is told this often. */
const AGE_MS = 1000
/** More that is written while something waits is counted this often. */
const COUNT_MS = 100
/** What is committed is noted on the device this often at most. */
const NOTE_MS = 1000
/** Timers of some platforms end at 2^31 ms. */
const LONGEST_MS = 3_600_000
/** A token that could be no longer is not asked for again and again. */
const RENEW_LEAST_MS = 1000

/** Opens a page. @throws Error when the address is none */
export const connect = (options: ConnectOptions): Provider => new Provider(options)

export class Provider extends ObservableV2<ProviderEvents> {
  readonly story: string
  readonly page: string
  readonly #options: ConnectOptions
  readonly #ports: Ports
  readonly #url: string
  readonly #observed = new Observed()
  readonly #stopSignals: () => void
  #doc: Y.Doc
  #awareness: Awareness
  #waiting: Waiting
  #kept: Kept | null = null
  /** Resolves when what the device keeps is in the document. */
  #loading: Promise<void> = Promise.resolve()
  #isLoaded = true
  #link: Link | null = null
  #session: Session | null = null
  /** Raised whenever an attempt that is under way is out of date. */
  #attempt = 0
  #isWanted = false
  #isHidden = false
  #isDestroyed = false
  #failures = 0
  #isTokenRetried = false
  #token = ''
  #syncedAt: number | null = null
  /** Runs while an attempt is awaited. */
  #stopRetry: (() => void) | null = null
  #stopRenewal: () => void = () => undefined
  #stopAge: (() => void) | null = null
  #ageDueAt = 0
  #stopNote: (() => void) | null = null

  constructor(options: ConnectOptions) {
    super()
    const { url, story, page } = options
    this.story = story
    this.page = page
    this.#options = options
    this.#ports = { ...defaultPorts, ...options.ports }
    this.#url = pageUrl(url, story, page)
    this.#doc = options.doc ?? new Y.Doc()
    this.#awareness = new Awareness(this.#doc)
    this.#waiting = new Waiting(this.#doc, this.#ports.now)
    this.#stopSignals = this.#ports.signals((signal) => this.#onSignal(signal))
    this.#attach()
    this.#show()
    if (options.connect !== false) this.connect()
  }

  get doc(): Y.Doc {
    return this.#doc
  }

  get awareness(): Awareness {
    return this.#awareness
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
    return this.#loading
  }

  /** Opens the page; comes back by itself until `disconnect`. */
  connect(): void {
    if (this.#isDestroyed || this.#link !== null || this.state.connection === 'connecting') return
    this.#isWanted = true
    this.#isTokenRetried = false
    this.#try()
  }

  /** Leaves the page; the document stays, and what is written waits. */
  disconnect(): void {
    this.#isWanted = false
    this.#stopTrying()
    this.#link?.end()
    this.#observed.change({ connection: 'offline' })
  }

  /** Leaves for good. What is kept on the device stays there. @returns resolves once all is kept */
  override async destroy(): Promise<void> {
    if (this.#isDestroyed) return
    // Tells the others.
    this.#awareness.destroy()
    this.disconnect()
    this.#isDestroyed = true
    this.#stopSignals()
    this.#stopAge?.()
    super.destroy()
    await this.#detach().catch((error: unknown) => this.#observed.change({ storageFault: wordsOf(error) }))
  }

  /** All of the document as one Yjs update, refused changes included, to be kept elsewhere. */
  keepCopy(): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc)
  }

  /** Sends again what was refused, or opens again what was denied. */
  tryAgain(): void {
    this.#observed.change({ refused: null })
    if (this.#session !== null) this.#session.sendAgain()
    else {
      this.#stopTrying()
      this.connect()
    }
  }

  /**
   * Gives up all that is not committed: a fresh document takes the place of this one, here and on the device. Bind the
   * editor to it.
   * @returns the fresh document
   * @throws Error when the device cannot forget the old one
   */
  async dropChange(): Promise<Y.Doc> {
    const wasWanted = this.#isWanted || this.state.connection === 'denied'
    const shown = this.#awareness.getLocalState()
    this.disconnect()
    const kept = this.#kept
    this.#kept = null
    await kept?.clear()
    await this.#detach()
    this.#awareness.destroy()
    this.#doc = new Y.Doc({ gc: this.#doc.gc })
    this.#awareness = new Awareness(this.#doc)
    this.#awareness.setLocalState(shown)
    this.#waiting = new Waiting(this.#doc, this.#ports.now)
    this.#observed.change({ refused: null, synced: false })
    this.#attach()
    this.#show()
    this.emit('doc', [this.#doc])
    if (wasWanted) this.connect()
    return this.#doc
  }

  #attach(): void {
    this.#doc.on('update', this.#onUpdate)
    this.#awareness.on('update', this.#onAwareness)
    const { offline } = this.#options
    if (offline === undefined) return this.#waiting.opened(null)
    const told = (storageFault: string | null) => this.#observed.change({ storageFault })
    const waiting = this.#waiting
    this.#isLoaded = false
    try {
      this.#kept = offline(this.#url, this.#doc, told)
    } catch (error) {
      told(wordsOf(error))
      this.#isLoaded = true
      return waiting.opened(null)
    }
    this.#loading = this.#kept.loaded
      .then(
        (known) => waiting.opened(known),
        (error: unknown) => {
          told(wordsOf(error))
          waiting.opened(null)
        },
      )
      .then(() => {
        this.#isLoaded = true
        this.#show()
      })
  }

  async #detach(): Promise<void> {
    this.#doc.off('update', this.#onUpdate)
    this.#awareness.off('update', this.#onAwareness)
    this.#note()
    const kept = this.#kept
    this.#kept = null
    await kept?.close()
  }

  /** Starts an attempt, which ends the one before. */
  #try(): void {
    this.#stopTrying()
    const attempt = this.#attempt
    this.#observed.change({ connection: 'connecting' })
    this.emit('status', [{ status: 'connecting' }])
    Promise.all([tokenNow(this.#options.token), this.#loading])
      .then(([token]) => {
        if (attempt === this.#attempt && this.#isWanted) this.#open(token)
      })
      .catch(() => {
        // The app could not give a token now, or there is no socket to be had: both may change.
        if (attempt !== this.#attempt || !this.#isWanted) return
        this.#failures++
        this.#retryLater(0)
      })
  }

  #open(token: string): void {
    this.#token = token
    this.#syncedAt = null
    this.#link = new Link({
      ports: this.#ports,
      url: this.#url,
      token,
      opened: () => this.#onOpen(),
      heard: (frame) => this.#hear(frame),
      ended: (code, reason) => this.#onEnd(code, reason),
    })
  }

  #onOpen(): void {
    const send = (frame: Uint8Array) => this.#link?.send(frame)
    this.#session = new Session({
      doc: this.#doc,
      waiting: this.#waiting,
      origin: this,
      send,
      awareness: (update) => applyAwarenessUpdate(this.#awareness, update, this),
      synced: () => this.#onSynced(),
      standing: (state) => this.#onStanding(state),
      progress: (received, total) => this.#observed.change({ progress: received < total ? { received, total } : null }),
      changed: () => this.#show(),
      refused: (refused) => this.#observed.change({ refused }),
    })
    this.#session.open()
    if (this.#awareness.getLocalState() !== null) {
      send(awarenessMessage(encodeAwarenessUpdate(this.#awareness, [this.#doc.clientID])))
    }
    this.#renewLater()
  }

  #hear(frame: Uint8Array): void {
    try {
      this.#session?.hear(frame)
    } catch (error) {
      // What cannot be read leaves this copy behind the service's: a fresh socket brings it up to date.
      this.#link?.end(1006, wordsOf(error))
    }
  }

  #onSynced(): void {
    if (this.state.synced && this.#syncedAt !== null) return
    this.#syncedAt = this.#ports.now()
    this.#isTokenRetried = false
    this.#link?.settled()
    this.#observed.change({ connection: 'online', synced: true, progress: null })
    this.emit('status', [{ status: 'connected' }])
    this.emit('sync', [true])
    this.emit('synced', [true])
    this.#show()
  }

  #onStanding({ role, frozen, reason }: MemberState): void {
    const isBarred = role === 'read' || (frozen && role !== 'manage')
    const readOnly = isBarred ? (reason ?? (frozen ? 'frozen' : 'read-only')) : null
    this.#observed.change({ role, frozen, readOnly })
  }

  #onEnd(code: number, reason: string): void {
    const wasSynced = this.state.synced
    const livedLong = this.#syncedAt !== null && this.#ports.now() - this.#syncedAt >= STEADY_MS
    this.#failures = livedLong ? 0 : this.#failures + 1
    this.#link = null
    this.#session = null
    this.#stopRenewal()
    this.#waiting.unsent()
    this.#forgetOthers()
    this.#observed.change({ connection: 'offline', synced: false, progress: null })
    this.#show()
    this.emit('status', [{ status: 'disconnected' }])
    if (wasSynced) {
      this.emit('sync', [false])
      this.emit('synced', [false])
    }
    if (this.#isWanted) this.#comeBack(code, reason)
  }

  #comeBack(code: number, reason: string): void {
    const { text, retryAfterMs } = readReason(reason)
    if (!mustAct(code)) return this.#retryLater(retryAfterMs)
    if (code === Close.unauthorized && typeof this.#options.token === 'function' && !this.#isTokenRetried) {
      this.#isTokenRetried = true
      return this.#try()
    }
    this.#isWanted = false
    this.#observed.change({ connection: 'denied', refused: { code: CODES.get(code) ?? 'denied', reason: text } })
  }

  #retryLater(retryAfterMs: number): void {
    this.#stopTrying()
    this.#observed.change({ connection: 'offline' })
    const wait = waitBefore(this.#failures, retryAfterMs, this.#ports.random())
    this.#stopRetry = this.#ports.after(wait, () => {
      this.#stopRetry = null
      // Nobody looks, and nothing waits: the device may sleep.
      if (this.#isHidden && this.#waiting.isEmpty) return
      this.#try()
    })
  }

  #stopTrying(): void {
    this.#attempt++
    this.#stopRetry?.()
    this.#stopRetry = null
  }

  #onSignal(signal: Signal): void {
    switch (signal) {
      case 'hidden':
        this.#isHidden = true
        return
      case 'visible':
        this.#isHidden = false
        return this.#lookAtOnce()
      case 'online':
        return this.#lookAtOnce()
      case 'offline':
        // Devices are wrong about this at times: an answer tells.
        return this.#link?.probe()
      default:
        signal satisfies never
    }
  }

  #lookAtOnce(): void {
    if (this.#link !== null) return this.#link.probe()
    if (this.#isWanted && this.state.connection === 'offline') this.#try()
  }

  /** Renews the token on the open socket before it ends. */
  #renewLater(): void {
    this.#stopRenewal()
    const { token } = this.#options
    if (typeof token !== 'function') return
    const due = renewIn(this.#token, this.#ports.time())
    if (due === null) return
    const link = this.#link
    const wait = Math.max(RENEW_LEAST_MS, Math.min(due, LONGEST_MS))
    this.#stopRenewal = this.#ports.after(wait, () => {
      if (due > LONGEST_MS) return this.#renewLater()
      tokenNow(token)
        .then((fresh) => {
          if (link === null || link !== this.#link) return
          if (fresh !== this.#token) link.send(tokenMessage(fresh))
          this.#token = fresh
        })
        // The old one is good still; another attempt follows before it ends.
        .catch(() => undefined)
        .finally(() => {
          if (link === this.#link) this.#renewLater()
        })
    })
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction): void => {
    if (origin === this) return this.#waiting.heard(transaction)
    // What waits is found out when all is there.
    if (!this.#isLoaded) return
    this.#waiting.wrote(transaction, this.#session?.write(update) ?? null)
    // The light goes out at once; how much waits may be counted later.
    if (this.state.saved.state === 'saved') this.#show()
    else this.#showIn(COUNT_MS)
  }

  readonly #onAwareness = (
    { added, updated, removed }: { added: number[]; updated: number[]; removed: number[] },
    origin: unknown,
  ): void => {
    if (origin === this) return
    const changed = [...added, ...updated, ...removed]
    this.#link?.send(awarenessMessage(encodeAwarenessUpdate(this.#awareness, changed)))
  }

  /** Who is there cannot be known without a socket. */
  #forgetOthers(): void {
    const others = [...this.#awareness.getStates().keys()].filter((id) => id !== this.#doc.clientID)
    removeAwarenessStates(this.#awareness, others, this)
  }

  #show(): void {
    const saved = this.#waiting.saved(this.#session?.isSending ?? false)
    this.#observed.change({ saved })
    this.#stopAge?.()
    this.#stopAge = null
    if (saved.state !== 'saved') this.#showIn(AGE_MS)
    else this.#noteLater()
  }

  #showIn(ms: number): void {
    const dueAt = this.#ports.now() + ms
    // Whoever types on and on is counted all the same.
    if (this.#isDestroyed || (this.#stopAge !== null && this.#ageDueAt <= dueAt)) return
    this.#stopAge?.()
    this.#ageDueAt = dueAt
    this.#stopAge = this.#ports.after(ms, () => {
      this.#stopAge = null
      this.#show()
    })
  }

  #noteLater(): void {
    if (this.#kept === null || this.#stopNote !== null || this.#isDestroyed) return
    this.#stopNote = this.#ports.after(NOTE_MS, () => this.#note())
  }

  #note(): void {
    this.#stopNote?.()
    this.#stopNote = null
    // Before anything was heard, what is known is what was noted.
    const known = this.#syncedAt === null ? null : this.#waiting.acknowledged()
    if (known !== null) this.#kept?.acknowledge(known)
  }
}

const CODES: ReadonlyMap<number, Refused['code']> = new Map([
  [Close.badMessage, 'invalid'],
  [Close.deleted, 'deleted'],
  [Close.replaced, 'replaced'],
  [Close.tooLarge, 'too-large'],
])

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
