/** One socket and what is said on it: what is written, who is there, a token that is renewed before it ends. */
import { applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { awarenessMessage, tokenMessage } from '../protocol.ts'
import type { Copy } from './copy.ts'
import { Link } from './link.ts'
import type { Ports } from './ports.ts'
import { standingOf } from './reasons.ts'
import { renewToken } from './renewal.ts'
import { Session } from './session.ts'
import type { PageState } from './state.ts'
import type { Token } from './token.ts'
import { wordsOf } from './words.ts'

export interface TalkParts {
  readonly ports: Ports
  readonly url: string
  readonly token: Token | undefined
  /** Marks what comes from the service, as the origin of its transactions. */
  readonly origin: unknown
  readonly copy: Copy
  readonly change: (changes: Partial<PageState>) => void
  /** Something was settled, sent or lost. */
  readonly moved: () => void
  /** Whether silence is worth a question now. */
  readonly isNeeded: () => boolean
  /** The document holds all that the service had. Called once. */
  readonly synced: () => void
  /** Called once. */
  readonly ended: (code: number, reason: string) => void
}

export class Talk {
  readonly #parts: TalkParts
  readonly #link: Link
  #session: Session | null = null
  /** The last one that was brought. */
  #token: string
  #syncedAt: number | null = null
  #stopRenewal: () => void = () => undefined

  /** @param token to open it with @throws Error when no socket can be made, as for a bad address */
  constructor(parts: TalkParts, token: string) {
    this.#parts = parts
    this.#token = token
    const { ports, url, isNeeded } = parts
    this.#link = new Link({
      ports,
      url,
      token,
      isNeeded,
      opened: () => this.#onOpen(),
      heard: (frame) => this.#hear(frame),
      ended: (code, reason) => this.#onEnd(code, reason),
    })
  }

  get token(): string {
    return this.#token
  }

  /** Whether what is written goes out at once. */
  get isSending(): boolean {
    return this.#session?.isSending ?? false
  }

  /** For how long the page has been there; null: it is not. */
  get syncedForMs(): number | null {
    return this.#syncedAt === null ? null : this.#parts.ports.now() - this.#syncedAt
  }

  /** Sends a change made here. @returns its number; null: it goes along later */
  write(update: Uint8Array): number | null {
    return this.#session?.write(update) ?? null
  }

  /** Sends again what was refused. */
  sendAgain(): void {
    this.#session?.sendAgain()
  }

  /** Shows others what these clients show. */
  show(clients: number[]): void {
    this.#link.send(awarenessMessage(encodeAwarenessUpdate(this.#parts.copy.awareness, clients)))
  }

  /** Asks now whether anybody is there. */
  probe(): void {
    this.#link.probe()
  }

  /** Ends it, without waiting for the other side. */
  end(): void {
    this.#link.end()
  }

  #onOpen(): void {
    const { ports, token, origin, copy, change, moved } = this.#parts
    const { doc, awareness, waiting } = copy
    this.#session = new Session({
      after: ports.after,
      doc,
      waiting,
      origin,
      send: (frame) => this.#link.send(frame),
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
      this.#link.send(tokenMessage(fresh))
      this.#token = fresh
    }
    this.#stopRenewal = renewToken({ ports, token, send }, this.#token)
  }

  #hear(frame: Uint8Array): void {
    try {
      this.#session?.hear(frame)
    } catch (error) {
      // What cannot be read leaves this copy behind the service's: a fresh socket brings it up to date.
      this.#link.end(1006, wordsOf(error))
    }
  }

  #onSynced(): void {
    if (this.#syncedAt !== null) return
    this.#syncedAt = this.#parts.ports.now()
    this.#link.settled()
    this.#parts.synced()
  }

  #onEnd(code: number, reason: string): void {
    this.#session?.end()
    this.#session = null
    this.#stopRenewal()
    this.#parts.ended(code, reason)
  }
}
