/** Slows a socket that sends too fast: it is not read for a while, so what it sends stays with it. */
import type { Clock, Counters } from './ports.ts'
import type { Budgets } from './rates.ts'
import { type Reading, Reason } from './socket-reading.ts'

export interface ThrottleParts {
  readonly clock: Clock
  readonly counters: Counters
}

/** Whoever is slowed. */
export interface Throttled {
  /** Not being read did not help. */
  tooFast(): void
}

/** Not read for this long in one go, a socket is closed. */
const PATIENCE_MS = 30_000

export class Throttle {
  readonly #owner: Throttled
  readonly #reading: Reading
  readonly #budgets: Budgets
  readonly #parts: ThrottleParts
  #cancel: (() => void) | null = null

  constructor(owner: Throttled, reading: Reading, budgets: Budgets, parts: ThrottleParts) {
    this.#owner = owner
    this.#reading = reading
    this.#budgets = budgets
    this.#parts = parts
  }

  /** Counts a message. @param isUpdate see Budgets */
  count(bytes: number, isUpdate: boolean): void {
    const wait = this.#budgets.take(bytes, isUpdate)
    if (wait === 0 || this.#reading.isStoppedFor(Reason.rate)) return
    const { clock, counters } = this.#parts
    counters.count('rate_pauses')
    this.#reading.stop(Reason.rate)
    this.#goOnAfter(wait, clock.now() + PATIENCE_MS)
  }

  /** Whether the socket has sent nothing for long: a fresh one would be the same. */
  get isCalm(): boolean {
    return this.#cancel === null && this.#budgets.isFull
  }

  /** The socket is gone, or calm. */
  end(): void {
    this.#cancel?.()
    this.#budgets.end()
  }

  #goOnAfter(wait: number, deadline: number): void {
    const { clock, counters } = this.#parts
    this.#cancel = clock.after(Math.max(0, Math.min(wait, deadline - clock.now())), () => {
      const more = this.#budgets.wait()
      if (more === 0) {
        this.#cancel = null
        return this.#reading.go(Reason.rate)
      }
      if (clock.now() < deadline) return this.#goOnAfter(more, deadline)
      counters.count('rate_closes')
      this.#owner.tooFast()
    })
  }
}
