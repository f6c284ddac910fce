/**
 * Pacing by cost: work that took c begins again when c / share has passed since it began, and `longestMs` at the latest.
 * What is dear gets less of a share, since people tell 20 ms from 40, but not 2 from 20. Whoever comes after a calm does not wait; under load the rounds grow instead of their number.
 */
import type { Clock } from './ports.ts'

/** Of doing something in turn. */
const STEP_MS = 10
const LONGEST_PAUSE_MS = 50

export interface PaceOptions {
  /** The share of time that the work may take, from above 0 to 1. */
  readonly share: number
  /** Work that takes so long gets half of the share, twice as long a third. Without it all gets the same. */
  readonly dearMs?: number
  /** However long the work takes, the next round need not wait longer than this since the last began. */
  readonly longestMs: number
}

export class Pace {
  readonly #clock: Clock
  readonly #options: PaceOptions
  #begunAt = Number.NEGATIVE_INFINITY
  #nextAt = Number.NEGATIVE_INFINITY
  #tookBefore = Number.POSITIVE_INFINITY

  constructor(clock: Clock, options: PaceOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Milliseconds until the next round may begin; 0 or less: now. */
  get waitMs(): number {
    return this.#nextAt - this.#clock.elapsed()
  }

  /** A round begins. */
  begin(): void {
    this.#begunAt = this.#clock.elapsed()
    this.#nextAt = this.#begunAt + this.#options.longestMs
  }

  /** The last round that began has ended. */
  end(): void {
    const took = this.#clock.elapsed() - this.#begunAt
    // The lesser of two: another process may have had the core meanwhile.
    const cost = Math.min(took, this.#tookBefore)
    this.#tookBefore = took
    this.#nextAt = Math.min(this.#nextAt, this.#begunAt + this.#pause(cost))
  }

  #pause(cost: number): number {
    const { share, dearMs } = this.#options
    return (cost / share) * (dearMs === undefined ? 1 : 1 + cost / dearMs)
  }
}

/**
 * Does `act` to one after another, evenly over `overMs` at most: few do not take long. Short pauses are saved up, and what
 * is late, because timers are, is made up for.
 */
export const inTurn = async <T>(
  all: readonly T[],
  overMs: number,
  clock: Clock,
  act: (one: T) => void,
): Promise<void> => {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, overMs / Math.max(1, all.length))
  const begun = clock.elapsed()
  let resumed = begun
  for (const [index, one] of all.entries()) {
    act(one)
    const now = clock.elapsed()
    const early = begun + (index + 1) * pauseMs - now
    // However late: others have a turn in between.
    if (early < STEP_MS && now - resumed < STEP_MS) continue
    await new Promise<void>((resolve) => clock.after(Math.max(0, early), resolve))
    resumed = clock.elapsed()
  }
}

/**
 * Milliseconds until what is done every `everyMs` is done again: all that beats by this beats together, and wakes an idle
 * process once and not each for itself.
 */
export const untilBeat = (clock: Clock, everyMs: number): number => {
  const rest = everyMs - (clock.elapsed() % everyMs)
  // A timer may come a little early; this beat has just been.
  return Math.ceil(rest < everyMs / 4 ? rest + everyMs : rest)
}
