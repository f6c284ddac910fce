/** What operators watch: figures each second while anybody does, and how long work goes on. */

import type { Figures, Job } from '../../shared/operators.ts'
import type { Clock } from '../ports.ts'

export type FeedEvent =
  | { readonly event: 'figures'; readonly data: Figures }
  | { readonly event: 'job'; readonly data: Job }
export type Listener = (event: FeedEvent) => void

export interface FeedParts {
  readonly clock: Clock
  /** Begins to measure. @returns what measures the next row */
  readonly sampler: () => () => Figures
  /** Work that is under way or ended lately. */
  readonly jobs: () => readonly Job[]
}

/** As many watch as may. */
export class FeedFull extends Error {}

const EVERY_MS = 1000
const MOST_LISTENERS = 50

export class Feed {
  readonly #parts: FeedParts
  readonly #listeners = new Set<Listener>()
  #sample: (() => Figures) | null = null
  #stop: () => void = () => undefined

  constructor(parts: FeedParts) {
    this.#parts = parts
  }

  /** Tells a listener what goes on, from now until it is forgotten. @throws FeedFull */
  listen(listener: Listener): () => void {
    if (this.#listeners.size >= MOST_LISTENERS) throw new FeedFull(`${MOST_LISTENERS} watch already`)
    this.#listeners.add(listener)
    for (const job of this.#parts.jobs()) listener({ event: 'job', data: job })
    if (this.#sample === null) {
      this.#sample = this.#parts.sampler()
      this.#later()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.close()
    }
  }

  /** Tells of work. */
  say(job: Job): void {
    for (const listener of this.#listeners) listener({ event: 'job', data: job })
  }

  /** Measures no more. */
  close(): void {
    this.#stop()
    this.#sample = null
  }

  #later(): void {
    this.#stop = this.#parts.clock.after(EVERY_MS, () => {
      if (this.#sample === null) return
      const data = this.#sample()
      for (const listener of this.#listeners) listener({ event: 'figures', data })
      this.#later()
    })
  }
}
