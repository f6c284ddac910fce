/**
 * When the next statement may begin. A statement has a price of its own (0.5 ms of PostgreSQL's time, a row in it 30 µs,
 * most of what waiting for its answer takes is the disk), so the more there is to write, the sooner the next begins. After
 * a calm nothing waits.
 */
import type { Clock } from '../ports.ts'

/** Of the time of one core that the statements of all workers together may take. */
const SHARE = 0.2
const STATEMENT_MS = 0.5
const ROOM_MS = 0.03
/** How long a room alone waits; two for half of it. */
const WORTH_MS = 6
/** So many updates of one room are as good a reason as another room. */
const UPDATES = 16
/** However many there are, none waits longer than this from the last beginning; … */
const LONGEST_MS = 10
/** … or this, with other workers. */
const LONGEST_BESIDE_MS = 25

export class StatementPace {
  readonly #clock: Clock
  readonly #share: number
  readonly #longestMs: number
  #begunAt = Number.NEGATIVE_INFINITY

  /** @param workers processes that write beside each other: each with fewer pages, so as full statements come later */
  constructor(clock: Clock, workers: number) {
    this.#clock = clock
    this.#share = SHARE / workers
    this.#longestMs = workers > 1 ? LONGEST_BESIDE_MS : LONGEST_MS
  }

  /** A statement begins. */
  begin(): void {
    this.#begunAt = this.#clock.elapsed()
  }

  /** Milliseconds until a statement for so many rooms and updates may begin; 0 or less: now. */
  waitMs(rooms: number, updates: number): number {
    const price = (STATEMENT_MS + ROOM_MS * rooms) / this.#share
    const worth = rooms + updates / UPDATES
    const pause = Math.min(this.#longestMs, Math.max(price, WORTH_MS / worth))
    return this.#begunAt + pause - this.#clock.elapsed()
  }
}
