/** Keeps a page connected for as long as that is wanted: which attempt is made when, and what follows the end of a socket. */
import { Close } from '../protocol.ts'
import { Attempts } from './attempts.ts'
import { mustAct, readReason } from './back-off.ts'
import type { Copy } from './copy.ts'
import type { Signal } from './ports.ts'
import { denialOf } from './reasons.ts'
import { Talk, type TalkParts } from './talk.ts'
import { tokenNow } from './token.ts'
import { wordsOf } from './words.ts'

/** A socket that lived for this long after its page was there was no failure. */
const STEADY_MS = 5000

export interface ConnectionParts extends Pick<TalkParts, 'ports' | 'url' | 'token' | 'origin' | 'change' | 'moved'> {
  /** What is spoken of; another one only while there is no socket. */
  readonly copy: () => Copy
  readonly synced: (isSynced: boolean) => void
}

export class Connection {
  readonly #parts: ConnectionParts
  readonly #attempts: Attempts
  readonly #stopSignals: () => void
  #talk: Talk | null = null
  #isWanted = false
  #isDenied = false
  #isHidden = false
  #isTokenRetried = false
  #hasHeard = false

  constructor(parts: ConnectionParts) {
    const { ports } = parts
    this.#parts = parts
    this.#attempts = new Attempts({
      ports,
      isHurried: () => !this.#isIdle,
      due: () => {
        if (!this.#isResting) this.#try()
      },
    })
    this.#stopSignals = ports.signals((signal) => this.#onSignal(signal))
  }

  /** Whether a connection is wanted, or was until the service denied it. */
  get isWanted(): boolean {
    return this.#isWanted || this.#isDenied
  }

  /** Whether what is written goes out at once. */
  get isSending(): boolean {
    return this.#talk?.isSending ?? false
  }

  /** Whether the socket in use, or the last one, brought the page. */
  get hasHeard(): boolean {
    return this.#hasHeard
  }

  start(): void {
    if (this.#talk !== null || this.#attempts.isUnderWay) return
    this.#isWanted = true
    this.#isDenied = false
    this.#isTokenRetried = false
    this.#try()
  }

  stop(): void {
    this.#isWanted = false
    this.#isDenied = false
    this.#attempts.stop()
    this.#talk?.end()
    this.#parts.change({ connection: 'offline' })
  }

  /** Stops for good. */
  close(): void {
    this.stop()
    this.#stopSignals()
  }

  /** Sends again what was refused; without a socket, tries to have one now. */
  tryAgain(): void {
    if (this.#talk !== null) return this.#talk.sendAgain()
    this.#attempts.stop()
    this.start()
  }

  /** Sends a change made here. @returns its number; null: it goes along later */
  write(update: Uint8Array): number | null {
    if (this.#talk === null) this.#attempts.hurry()
    return this.#talk?.write(update) ?? null
  }

  /** Shows others what these clients show. */
  show(clients: number[]): void {
    this.#talk?.show(clients)
  }

  /** @param refused the token that was not taken */
  #try(refused?: string): void {
    const isCurrent = this.#attempts.begin()
    this.#parts.change({ connection: 'connecting' })
    Promise.all([tokenNow(this.#parts.token, this.#parts.ports, refused), this.#parts.copy().loaded])
      .then(([token]) => {
        if (isCurrent()) this.#open(token)
      })
      .catch((error: unknown) => {
        // The app could not give a token now, or there is no socket to be had: both may change.
        if (!isCurrent()) return
        this.#parts.change({ connectFault: wordsOf(error) })
        this.#attempts.ended(false)
        this.#retryLater(0)
      })
  }

  #open(token: string): void {
    this.#hasHeard = false
    const parts = {
      ...this.#parts,
      copy: this.#parts.copy(),
      isNeeded: () => !this.#isResting,
      synced: () => this.#onSynced(),
      ended: (code: number, reason: string) => this.#onEnd(code, reason),
    }
    this.#talk = new Talk(parts, token)
    this.#attempts.reached()
    this.#parts.change({ connectFault: null })
  }

  #onSynced(): void {
    this.#hasHeard = true
    this.#isTokenRetried = false
    this.#parts.change({ connection: 'online', synced: true, progress: null })
    this.#parts.synced(true)
    this.#parts.moved()
  }

  #onEnd(code: number, reason: string): void {
    const { copy, change, moved, synced } = this.#parts
    const syncedForMs = this.#talk?.syncedForMs ?? null
    const token = this.#talk?.token
    this.#talk = null
    const said = readReason(reason)
    // Sent on to where the page is served now, or home before a restart.
    const wasSentOn = code === Close.restart && said.retryAfterMs > 0
    this.#attempts.ended(syncedForMs !== null && (wasSentOn || syncedForMs >= STEADY_MS))
    copy().waiting.unsent()
    copy().forgetOthers()
    change({ connection: 'offline', synced: false, progress: null })
    moved()
    if (syncedForMs !== null) synced(false)
    if (this.#isWanted) this.#comeBack(code, said, token)
  }

  #comeBack(code: number, { text, retryAfterMs }: ReturnType<typeof readReason>, token: string | undefined): void {
    // What is too large for a frame is so the next time too.
    if (!mustAct(code) && code !== Close.tooBig) return this.#retryLater(retryAfterMs)
    if (code === Close.unauthorized && typeof this.#parts.token === 'function' && !this.#isTokenRetried) {
      this.#isTokenRetried = true
      return this.#try(token)
    }
    this.#isWanted = false
    this.#isDenied = true
    this.#parts.change({ connection: 'denied', refused: { code: denialOf(code), reason: text } })
  }

  #retryLater(retryAfterMs: number): void {
    this.#parts.change({ connection: 'offline' })
    this.#attempts.wait(retryAfterMs)
  }

  get #isIdle(): boolean {
    return this.#parts.copy().waiting.isEmpty
  }

  /** Nobody looks, and nothing waits: the device may sleep. */
  get #isResting(): boolean {
    return this.#isHidden && this.#isIdle
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
        return this.#talk?.probe()
      default:
        signal satisfies never
    }
  }

  #lookAtOnce(): void {
    if (this.#talk !== null) this.#talk.probe()
    else if (this.#isWanted && this.#attempts.mayBegin && !this.#isResting) this.#try()
  }
}
