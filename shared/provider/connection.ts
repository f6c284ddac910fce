/** Keeps a page connected for as long as that is wanted: attempts and the waits between them, one socket at a time. */
import { applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { awarenessMessage, Close, tokenMessage } from '../protocol.ts'
import { mustAct, readReason, waitBefore } from './back-off.ts'
import type { Copy } from './copy.ts'
import { Link } from './link.ts'
import type { Ports, Signal } from './ports.ts'
import { denialOf, standingOf } from './reasons.ts'
import { renewToken } from './renewal.ts'
import { Session } from './session.ts'
import type { PageState } from './state.ts'
import { type Token, tokenNow } from './token.ts'
import { wordsOf } from './words.ts'

/** A socket that lived for this long after its page was there was no failure. */
const STEADY_MS = 5000

export interface ConnectionParts {
  readonly ports: Ports
  readonly url: string
  readonly token: Token | undefined
  /** Marks what comes from the service, as the origin of its transactions. */
  readonly origin: unknown
  /** What is spoken of; another one only while there is no socket. */
  readonly copy: () => Copy
  readonly change: (changes: Partial<PageState>) => void
  /** Something was settled, sent or lost. */
  readonly moved: () => void
  readonly synced: (isSynced: boolean) => void
}

export class Connection {
  readonly #parts: ConnectionParts
  readonly #stopSignals: () => void
  #link: Link | null = null
  #session: Session | null = null
  #isTrying = false
  /** Raised whenever an attempt that is under way is out of date. */
  #attempt = 0
  #isWanted = false
  #isDenied = false
  #isHidden = false
  #failures = 0
  #isTokenRetried = false
  #token = ''
  /** When the socket in use, or the last one, had brought the page; null: it had not. */
  #syncedAt: number | null = null
  #isSynced = false
  /** Runs while an attempt is awaited. */
  #stopRetry: (() => void) | null = null
  #stopRenewal: () => void = () => undefined

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#stopSignals = parts.ports.signals((signal) => this.#onSignal(signal))
  }

  /** Whether a connection is wanted, or was until the service denied it. */
  get isWanted(): boolean {
    return this.#isWanted || this.#isDenied
  }

  /** Whether what is written goes out at once. */
  get isSending(): boolean {
    return this.#session?.isSending ?? false
  }

  get hasHeard(): boolean {
    return this.#syncedAt !== null
  }

  start(): void {
    if (this.#link !== null || this.#isTrying) return
    this.#isWanted = true
    this.#isDenied = false
    this.#isTokenRetried = false
    this.#try()
  }

  stop(): void {
    this.#isWanted = false
    this.#isDenied = false
    this.#stopTrying()
    this.#link?.end()
    this.#parts.change({ connection: 'offline' })
  }

  /** Stops for good. */
  close(): void {
    this.stop()
    this.#stopSignals()
  }

  /** Sends again what was refused; without a socket, tries to have one now. */
  tryAgain(): void {
    if (this.#session !== null) return this.#session.sendAgain()
    this.#stopTrying()
    this.start()
  }

  /** Sends a change made here. @returns its number; null: it goes along later */
  write(update: Uint8Array): number | null {
    return this.#session?.write(update) ?? null
  }

  /** Shows others what these clients show. */
  show(clients: number[]): void {
    this.#link?.send(awarenessMessage(encodeAwarenessUpdate(this.#parts.copy().awareness, clients)))
  }

  /** Starts an attempt, which ends the one before. */
  #try(refused?: string): void {
    this.#stopTrying()
    const attempt = this.#attempt
    const isMine = () => attempt === this.#attempt && this.#isWanted
    this.#isTrying = true
    this.#parts.change({ connection: 'connecting' })
    Promise.all([tokenNow(this.#parts.token, refused), this.#parts.copy().loaded])
      .then(([token]) => {
        if (isMine()) this.#open(token)
      })
      .catch(() => {
        // The app could not give a token now, or there is no socket to be had: both may change.
        if (!isMine()) return
        this.#failures++
        this.#retryLater(0)
      })
  }

  #open(token: string): void {
    const { ports, url } = this.#parts
    this.#token = token
    this.#syncedAt = null
    this.#link = new Link({
      ports,
      url,
      token,
      isNeeded: () => !this.#isResting,
      opened: () => this.#onOpen(),
      heard: (frame) => this.#hear(frame),
      ended: (code, reason) => this.#onEnd(code, reason),
    })
    this.#isTrying = false
  }

  #onOpen(): void {
    const { ports, origin, copy, change, moved } = this.#parts
    const { doc, awareness, waiting } = copy()
    const link = this.#link
    this.#session = new Session({
      after: ports.after,
      doc,
      waiting,
      origin,
      send: (frame) => link?.send(frame),
      awareness: (update) => applyAwarenessUpdate(awareness, update, origin),
      synced: () => this.#onSynced(),
      standing: (state) => change(standingOf(state)),
      progress: (received, total) => change({ progress: received < total ? { received, total } : null }),
      changed: moved,
      refused: (refused) => change({ refused }),
    })
    this.#session.open()
    if (awareness.getLocalState() !== null) this.show([doc.clientID])
    const send = (fresh: string) => {
      link?.send(tokenMessage(fresh))
      this.#token = fresh
    }
    this.#stopRenewal = renewToken({ ports, token: this.#parts.token, send }, this.#token)
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
    if (this.#isSynced) return
    this.#isSynced = true
    this.#syncedAt = this.#parts.ports.now()
    this.#isTokenRetried = false
    this.#link?.settled()
    this.#parts.change({ connection: 'online', synced: true, progress: null })
    this.#parts.synced(true)
    this.#parts.moved()
  }

  #onEnd(code: number, reason: string): void {
    const { ports, copy, change, moved, synced } = this.#parts
    const livedLong = this.#syncedAt !== null && ports.now() - this.#syncedAt >= STEADY_MS
    this.#failures = livedLong ? 0 : this.#failures + 1
    const wasSynced = this.#isSynced
    this.#isSynced = false
    this.#isTrying = false
    this.#link = null
    this.#session?.end()
    this.#session = null
    this.#stopRenewal()
    copy().waiting.unsent()
    copy().forgetOthers()
    change({ connection: 'offline', synced: false, progress: null })
    moved()
    if (wasSynced) synced(false)
    if (this.#isWanted) this.#comeBack(code, reason)
  }

  #comeBack(code: number, reason: string): void {
    const { text, retryAfterMs } = readReason(reason)
    // What is too large for a frame is so the next time too.
    if (!mustAct(code) && code !== Close.tooBig) return this.#retryLater(retryAfterMs)
    if (code === Close.unauthorized && typeof this.#parts.token === 'function' && !this.#isTokenRetried) {
      this.#isTokenRetried = true
      return this.#try(this.#token)
    }
    this.#isWanted = false
    this.#isDenied = true
    this.#parts.change({ connection: 'denied', refused: { code: denialOf(code), reason: text } })
  }

  #retryLater(retryAfterMs: number): void {
    const { ports, change } = this.#parts
    this.#stopTrying()
    change({ connection: 'offline' })
    this.#stopRetry = ports.after(waitBefore(this.#failures, retryAfterMs, ports.random()), () => {
      this.#stopRetry = null
      if (!this.#isResting) this.#try()
    })
  }

  #stopTrying(): void {
    this.#attempt++
    this.#isTrying = false
    this.#stopRetry?.()
    this.#stopRetry = null
  }

  /** Nobody looks, and nothing waits: the device may sleep. */
  get #isResting(): boolean {
    return this.#isHidden && this.#parts.copy().waiting.isEmpty
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
    if (this.#link !== null) this.#link.probe()
    else if (this.#isWanted && !this.#isTrying && !this.#isResting) this.#try()
  }
}
