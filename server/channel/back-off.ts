/** When to try again to connect: soon at first, then ever later, never all at the same instant. */
import type { Clock, Random } from '../ports.ts'

const FIRST_MS = 50
const LONGEST_MS = 5000

export class BackOff {
  readonly #clock: Clock
  readonly #random: Random
  #next = FIRST_MS
  #cancel: () => void = () => undefined

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** Milliseconds until the next attempt; each call makes the following one later. */
  nextMs(): number {
    const wait = this.#next * (0.5 + this.#random.fraction() / 2)
    this.#next = Math.min(this.#next * 2, LONGEST_MS)
    return wait
  }

  /** Runs `attempt` when it is due. */
  later(attempt: () => void): void {
    this.#cancel()
    this.#cancel = this.#clock.after(this.nextMs(), attempt)
  }

  /** It worked: the next attempt is a first one again. */
  reset(): void {
    this.#next = FIRST_MS
  }

  /** Forgets an attempt that waits. */
  cancel(): void {
    this.#cancel()
  }
}
