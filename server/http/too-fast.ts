/** Who sends too fast without a socket is told when to come again: what was sent stays with them. */
import { type PageName, roomIdOf } from '../../shared/names.ts'
import type { Counters } from '../ports.ts'
import { Problem } from './problem.ts'

/** How fast pages may be written. */
export interface PageRates {
  /** Takes an update. @returns how long to wait before it may come again, in ms; 0: it was taken */
  update(roomId: string, bytes: number): number
}

/** @param waitMs how long, so long */
export const tooFast = (what: string, waitMs: number): Problem => {
  const seconds = Math.ceil(waitMs / 1000)
  const detail = `${what} too fast: try again in ${seconds} s`
  return new Problem(429, 'Too many requests', detail, { 'retry-after': String(seconds) })
}

/** @returns what counts an update to a page from whoever may write there, and throws Problem 429 where it comes too fast */
export const updateCounter =
  (rates: PageRates, counters: Counters) =>
  (page: PageName, bytes: number): void => {
    const wait = rates.update(roomIdOf(page), bytes)
    if (wait === 0) return
    counters.count('rate_refusals')
    throw tooFast('this page is written', wait)
  }
