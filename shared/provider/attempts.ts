/** Attempts to connect, one at a time, and the wait before the next. */
import { waitBefore } from './back-off.ts'
import type { Ports } from './ports.ts'

export interface AttemptsParts {
  readonly ports: Pick<Ports, 'after' | 'random' | 'now'>
  /** Whether something waits to be brought. */
  readonly isHurried: () => boolean
  /** A wait is over. */
  readonly due: () => void
}

export class Attempts {
  readonly #parts: AttemptsParts
  #failures = 0
  /** Raised whenever an attempt that is under way is out of date. */
  #number = 0
  #isUnderWay = false
  #stopWait: (() => void) | null = null
  #dueAt = 0
  #mayHurry = false
  /** Whether it was the service that said when. */
  #isAsked = false

  constructor(parts: AttemptsParts) {
    this.#parts = parts
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** Whether none is under way, and the service did not ask to wait. */
  get mayBegin(): boolean {
    return !this.#isUnderWay && !(this.#isAsked && this.#stopWait !== null)
  }

  /** Begins one, which ends the one before. @returns whether it is still the one that counts */
  begin(): () => boolean {
    this.stop()
    const number = this.#number
    this.#isUnderWay = true
    return () => number === this.#number
  }

  /** It led to a socket. */
  reached(): void {
    this.#isUnderWay = false
  }

  /** It came to nothing, or what it led to ended. @param livedLong that was no failure */
  ended(livedLong: boolean): void {
    this.#failures = livedLong ? 0 : this.#failures + 1
  }

  /** Waits for the next. @param retryAfterMs what the service asked for */
  wait(retryAfterMs: number): void {
    this.stop()
    const isHurried = this.#parts.isHurried()
    this.#isAsked = retryAfterMs > 0
    this.#mayHurry = !isHurried && !this.#isAsked
    this.#waitFor(this.#waitMs(isHurried, retryAfterMs))
  }

  /** Something waits now to be brought: the next attempt is sooner, unless the service said when. */
  hurry(): void {
    if (this.#stopWait === null || !this.#mayHurry) return
    this.#mayHurry = false
    const ms = this.#waitMs(true, 0)
    if (this.#parts.ports.now() + ms < this.#dueAt) this.#waitFor(ms)
  }

  stop(): void {
    this.#number++
    this.#isUnderWay = false
    this.#stopWait?.()
    this.#stopWait = null
  }

  #waitMs(isHurried: boolean, retryAfterMs: number): number {
    return waitBefore({ failures: this.#failures, retryAfterMs, isHurried }, this.#parts.ports.random())
  }

  #waitFor(ms: number): void {
    const { ports, due } = this.#parts
    this.#stopWait?.()
    this.#dueAt = ports.now() + ms
    this.#stopWait = ports.after(ms, () => {
      this.#stopWait = null
      due()
    })
  }
}
