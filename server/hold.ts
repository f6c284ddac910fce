/**
 * The silent hold of sockets that will be refused. y-websocket 1.x and 2.x reset their back-off whenever a socket opens,
 * so a refusal at once is asked for again at once; held silent first, they come at the pace of the hold.
 */
import type { Clock } from './ports.ts'

const FIRST_MS = 2000
const LONGEST_MS = 20_000
/** Refusals of an address and page are remembered this long after the last. */
const MEMORY_MS = 60_000
const MAX_REMEMBERED = 10_000
const MAX_HELD = 1000

export class Holds {
  readonly #clock: Clock
  readonly #strikes = new Map<string, { delay: number; at: number }>()
  #held = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Calls `refuse` after the hold of `key` (2 s, doubling to 20 s); at once when too many are held already.
   * @param key the client's address and the page it asked for
   * @returns how to cancel it
   */
  hold(key: string, refuse: () => void): () => void {
    const delay = this.#strike(key)
    if (this.#held >= MAX_HELD) {
      refuse()
      return () => undefined
    }
    this.#held++
    let over = false
    const finish = () => {
      if (over) return false
      over = true
      this.#held--
      return true
    }
    const cancel = this.#clock.after(delay, () => {
      if (finish()) refuse()
    })
    return () => {
      if (finish()) cancel()
    }
  }

  #strike(key: string): number {
    const now = this.#clock.now()
    const last = this.#strikes.get(key)
    const delay = last === undefined || now - last.at > MEMORY_MS ? FIRST_MS : Math.min(last.delay * 2, LONGEST_MS)
    this.#strikes.delete(key)
    if (this.#strikes.size >= MAX_REMEMBERED) {
      const oldest = this.#strikes.keys().next()
      if (!oldest.done) this.#strikes.delete(oldest.value)
    }
    this.#strikes.set(key, { delay, at: now })
    return delay
  }
}
