/** What is said on one socket about one document: who has what, what is saved, what was refused. */
import * as Y from 'yjs'
import { type MemberState, Sync, syncMessage } from '../protocol.ts'
import { callApp, report } from './callbacks.ts'
import { readServerMessage, type ServerMessage } from './messages.ts'
import type { Ports } from './ports.ts'
import type { Refused } from './state.ts'
import type { Waiting } from './waiting.ts'

/** What others must bring first is waited for this long, twice as long each time. */
const AGAIN_LEAST_MS = 500
const AGAIN_MOST_MS = 30_000

export interface SessionParts {
  readonly after: Ports['after']
  readonly doc: Y.Doc
  readonly waiting: Waiting
  /** Marks what comes from the service, as the origin of its transactions. */
  readonly origin: unknown
  readonly send: (frame: Uint8Array) => void
  readonly awareness: (update: Uint8Array) => void
  readonly synced: () => void
  readonly standing: (state: MemberState) => void
  readonly progress: (received: number, total: number) => void
  /** Something was settled, sent or refused. */
  readonly changed: () => void
  readonly refused: (refused: Refused | null) => void
}

export class Session {
  readonly #parts: SessionParts
  /** Number of the last sync message sent on this socket. */
  #sent = 0
  /** Messages that were refused and are not settled. */
  readonly #refused = new Set<number>()
  /** Whether the service asked what there is: before, what is written goes along with the answer. */
  #isAnswered = false
  /** After a refusal nothing more is sent until the service asks, or the app. */
  #isHeld = false
  #all = 0
  #againMs = AGAIN_LEAST_MS
  #stopAgain: (() => void) | null = null
  #pieces: Uint8Array[] = []
  #received = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /** Whether what is written now goes out at once. */
  get isSending(): boolean {
    return this.#isAnswered && !this.#isHeld
  }

  /** The socket is open: asks for what is lacking. */
  open(): void {
    this.#parts.send(syncMessage(Sync.step1, Y.encodeStateVector(this.#parts.doc)))
  }

  /** Sends a change made here. @returns its number; null: it goes along later */
  write(update: Uint8Array): number | null {
    if (!this.isSending) return null
    this.#parts.send(syncMessage(Sync.update, update))
    return ++this.#sent
  }

  /** Sends all again that is not known to be committed. */
  sendAgain(): void {
    if (this.#isAnswered) this.#sendAll(this.#parts.waiting.base())
  }

  /** The socket is gone. */
  end(): void {
    this.#stopAgain?.()
  }

  /** @throws Error when the frame cannot be read */
  hear(frame: Uint8Array): void {
    this.#handle(readServerMessage(frame))
  }

  #handle(message: ServerMessage): void {
    const parts = this.#parts
    switch (message.type) {
      case 'step1':
        parts.waiting.restarted(Y.decodeStateVector(message.stateVector))
        return this.#sendAll(message.stateVector)
      case 'step2':
        this.#apply(message.update)
        return parts.synced()
      case 'update':
        return this.#apply(message.update)
      case 'awareness':
        // The service has read it: what fails is the app's.
        return callApp(() => parts.awareness(message.update))
      case 'saved':
        return this.#hearSaved(message.n)
      case 'refused':
        return this.#hearRefused(message)
      case 'state':
        return parts.standing(message.state)
      case 'part':
        return this.#hearPart(message.total, message.bytes)
      case 'denied':
      case 'unknown':
        // The close that follows says the same, and more.
        return
      default:
        message satisfies never
    }
  }

  /** @param held state vector of what the service has */
  #sendAll(held: Uint8Array): void {
    const { doc, waiting, send, changed } = this.#parts
    this.#stopAgain?.()
    this.#stopAgain = null
    send(syncMessage(Sync.step2, Y.encodeStateAsUpdate(doc, held)))
    this.#isAnswered = true
    this.#isHeld = false
    this.#all = ++this.#sent
    waiting.sentAll(this.#all)
    changed()
  }

  #hearSaved(n: number): void {
    const { waiting, refused, changed } = this.#parts
    waiting.settled(n, this.#refused)
    if (this.#all > 0 && this.#all <= n && !this.#refused.has(this.#all) && !this.#isHeld) {
      this.#againMs = AGAIN_LEAST_MS
      refused(null)
    }
    for (const each of this.#refused) if (each <= n) this.#refused.delete(each)
    changed()
  }

  #hearRefused({ n, code, reason }: ServerMessage & { readonly type: 'refused' }): void {
    this.#refused.add(n)
    // What it rests on, or somebody's own words that came from another tab, will be brought by whoever has them. Mostly
    // the service asks by itself for the rest then.
    if (code === 'gap' || code === 'owner') return this.#sendAgainLater()
    this.#isHeld = true
    // What later messages carried rests on it.
    this.#parts.refused({ code, reason })
    this.#parts.changed()
  }

  #sendAgainLater(): void {
    this.#stopAgain ??= this.#parts.after(this.#againMs, () => {
      this.#stopAgain = null
      this.#againMs = Math.min(AGAIN_MOST_MS, 2 * this.#againMs)
      if (!this.#isHeld) this.sendAgain()
    })
    this.#parts.changed()
  }

  #apply(update: Uint8Array): void {
    const { doc, origin } = this.#parts
    let isApplied = false
    try {
      Y.transact(
        doc,
        () => {
          Y.applyUpdate(doc, update, origin)
          isApplied = true
        },
        origin,
        false,
      )
    } catch (error) {
      if (!isApplied) throw error
      // One of the app's observers: the page is as it should be.
      report(error)
    }
  }

  #hearPart(total: number, bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#received += bytes.length
    this.#parts.progress(this.#received, total)
    if (this.#received < total) return
    const whole = new Uint8Array(this.#received)
    let at = 0
    for (const piece of this.#pieces.splice(0)) {
      whole.set(piece, at)
      at += piece.length
    }
    this.#received = 0
    this.#apply(whole)
  }
}
