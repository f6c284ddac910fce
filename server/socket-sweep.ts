/**
 * Looks after all sockets with one timer. Time goes in beats of two seconds, and at each beat only those sockets are
 * looked at of which something is due: an idle one every half minute, one that is slow every time.
 */
import { untilBeat } from './pace.ts'
import type { Clock } from './ports.ts'

const BEAT_MS = 2000
/** How far ahead a look can be planned. */
const MOST_BEATS = 15

/** How many beats a time takes at least. */
export const beats = (ms: number): number => Math.ceil(ms / BEAT_MS)

export interface Swept {
  /** Looks after it. @returns in how many beats to look again; null: it is gone */
  sweep(beat: number, now: number): number | null
}

export class Sweep {
  readonly #clock: Clock
  /** Who is looked at when, in turn. */
  readonly #due: Set<Swept>[] = Array.from({ length: MOST_BEATS + 1 }, () => new Set())
  #beat: number
  /** Null: there is nobody to look at, and no timer. */
  #stop: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
    this.#beat = this.#current
  }

  /** The last beat that was. Exact enough for deadlines of seconds, and free. */
  get beat(): number {
    return this.#stop === null ? this.#current : this.#beat
  }

  /** Looks at a socket at the next beat, and from then on when it says. */
  add(swept: Swept): void {
    this.#plan(swept, 1)
  }

  /** Looks at a socket at the next beat, whatever it said. */
  soon(swept: Swept): void {
    if (this.#at(1).has(swept)) return
    this.remove(swept)
    this.add(swept)
  }

  /** The socket is gone. */
  remove(swept: Swept): void {
    for (const due of this.#due) if (due.delete(swept)) return
  }

  close(): void {
    this.#stop?.()
  }

  get #current(): number {
    return Math.round(this.#clock.elapsed() / BEAT_MS)
  }

  #at(inBeats: number): Set<Swept> {
    return this.#due[(this.#beat + inBeats) % this.#due.length] as Set<Swept>
  }

  #plan(swept: Swept, inBeats: number): void {
    if (this.#stop === null) this.#begin()
    this.#at(Math.min(Math.max(1, inBeats), MOST_BEATS)).add(swept)
  }

  #begin(): void {
    this.#beat = this.#current
    this.#later()
  }

  #later(): void {
    this.#stop = this.#clock.after(untilBeat(this.#clock, BEAT_MS), () => {
      this.#sweep()
      if (this.#due.some((due) => due.size > 0)) this.#later()
      else this.#stop = null
    })
  }

  #sweep(): void {
    const now = this.#clock.now()
    const { due, beat } = this.#takeDue()
    for (const swept of due) {
      const inBeats = swept.sweep(beat, now)
      if (inBeats !== null) this.#plan(swept, inBeats)
    }
  }

  /** Those of all beats that went by: a process that was held up misses some. */
  #takeDue(): { due: Swept[]; beat: number } {
    const due: Swept[] = []
    const beat = Math.max(this.#beat + 1, this.#current)
    const gone = Math.min(beat - this.#beat, this.#due.length)
    for (let back = 1; back <= gone; back++) {
      const set = this.#at(back)
      for (const swept of set) due.push(swept)
      set.clear()
    }
    this.#beat = beat
    return { due, beat }
  }
}
