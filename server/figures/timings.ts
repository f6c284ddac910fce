/** How long relays and commits took, since somebody looked last. */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Percentiles } from '../../shared/operators.ts'
import type { TimingName, Timings } from '../ports.ts'

export interface TakenTimings extends Timings {
  /** What was measured since it was taken last. */
  take(what: TimingName): Percentiles
}

const MICROSECONDS = 1000

export const createTimings = (): TakenTimings => {
  const histograms: Readonly<Record<TimingName, RecordableHistogram>> = {
    relay: createHistogram(),
    commit: createHistogram(),
  }
  return {
    // It counts whole numbers from 1 on.
    took: (what, ms) => histograms[what].record(Math.max(1, Math.round(ms * MICROSECONDS))),
    take: (what) => {
      const histogram = histograms[what]
      if (histogram.count === 0) return { p50: null, p99: null }
      const taken = {
        p50: histogram.percentile(50) / MICROSECONDS,
        p99: histogram.percentile(99) / MICROSECONDS,
      }
      histogram.reset()
      return taken
    },
  }
}
