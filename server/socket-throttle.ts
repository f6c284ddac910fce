/** Slows a socket that sends too fast: it is not read for a while, so what it sends stays with it. */
import type { Clock, Counters } from './ports.ts'
import type { Budgets } from './rates.ts'
import { type Reading, Reason } from './socket-reading.ts'

export interface ThrottleParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly reading: Reading
  readonly budgets: Budgets
  /** Not being read did not help. */
  readonly giveUp: () => void
}

/** Not read for this long in one go, a socket is closed. */
const PATIENCE_MS = 30_000

export class Throttle {
  readonly #parts: ThrottleParts
  #cancel: (() => void) | null = null

  constructor(parts: ThrottleParts) {
    this.#parts = parts
  }

  /** Counts a message. @param isUpdate see Budgets */
  count(bytes: number, isUpdate: boolean): void {
    const { clock, counters, reading, budgets } = this.#parts
    const wait = budgets.take(bytes, isUpdate)
    if (wait === 0 || reading.isStoppedFor(Reason.rate)) return
    counters.count('rate_pauses')
    reading.stop(Reason.rate)
    this.#goOnAfter(wait, clock.now() + PATIENCE_MS)
  }

  /** The socket is gone. */
  end(): void {
    this.#cancel?.()
    this.#parts.budgets.end()
  }

  #goOnAfter(wait: number, deadline: number): void {
    const { clock, counters, reading, budgets, giveUp } = this.#parts
    this.#cancel = clock.after(Math.max(0, Math.min(wait, deadline - clock.now())), () => {
      const more = budgets.wait()
      if (more === 0) return reading.go(Reason.rate)
      if (clock.now() < deadline) return this.#goOnAfter(more, deadline)
      counters.count('rate_closes')
      giveUp()
    })
  }
}
