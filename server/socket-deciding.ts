/** Asks what a caller may do while their socket is open. Until that is known nothing more of it is handled. */
import { type Reading, Reason } from './socket-reading.ts'
import type { Decision, Rights } from './socket-rights.ts'

type Frame = readonly [data: Buffer, isBinary: boolean]

export interface DecidingParts {
  readonly rights: Rights
  readonly reading: Reading
  /** Acts on what was decided. */
  readonly decided: (decision: Decision) => void
  /** A fresh token could not be looked at. */
  readonly failed: (error: unknown) => void
  /** Handles a frame that came meanwhile. */
  readonly handle: (data: Buffer, isBinary: boolean) => void
}

export class Deciding {
  readonly #parts: DecidingParts
  /** Questions without an answer. */
  #open = 0
  #held: Frame[] = []
  /** The newest token that waits for the one before it. */
  #nextToken: string | null = null
  #ended = false

  constructor(parts: DecidingParts) {
    this.#parts = parts
  }

  /** @returns whether a frame is held until it is known what its sender may do */
  holds(data: Buffer, isBinary: boolean): boolean {
    if (this.#open > 0) this.#held.push([data, isBinary])
    return this.#open > 0
  }

  /** Asks anew. Resolves when what was decided is acted on. */
  again(): Promise<void> {
    return this.#decide(this.#parts.rights.decide())
  }

  /** A fresh token: one is looked at, and of those that come meanwhile the newest. */
  renew(token: string): void {
    if (this.#open > 0) {
      this.#nextToken = token
      return
    }
    this.#decide(this.#parts.rights.renew(token))
      .catch((error: unknown) => this.#parts.failed(error))
      .finally(() => {
        const next = this.#nextToken
        this.#nextToken = null
        if (next !== null && !this.#ended) this.renew(next)
      })
  }

  /** The socket is gone. */
  end(): void {
    this.#ended = true
    this.#held = []
  }

  async #decide(deciding: Promise<Decision>): Promise<void> {
    const { reading, decided, handle } = this.#parts
    reading.stop(Reason.deciding)
    this.#open++
    const decision = await deciding.finally(() => {
      this.#open--
    })
    if (this.#ended) return
    decided(decision)
    if (this.#open > 0 || this.#ended) return
    reading.go(Reason.deciding)
    const held = this.#held
    this.#held = []
    for (const [data, isBinary] of held) handle(data, isBinary)
  }
}
