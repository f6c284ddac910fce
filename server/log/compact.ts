/** Compaction of many pages: each folded, its history made coarser, one after the other or several at once. */
import type { CompactReport, Size } from '../../shared/operators.ts'
import { type CompactedPage, type CompactPageOptions, type CompactParts, compactPage } from './compact-page.ts'
import { type Choice, chosenPages, eachPage } from './pages.ts'
import { clearPictures } from './pictures.ts'

export interface CompactOptions extends Choice, CompactPageOptions {
  /** Pages at once, each with a thread. */
  readonly concurrency: number
  /** An answer of the database slower than so many ms makes it pause. */
  readonly maxLoadMs: number
  /** Days after which a picture that nothing refers to goes; null: none goes. */
  readonly picturesOlderThanDays: number | null
}

export interface CompactProgress {
  readonly done: number
  readonly total: number
  /** Bytes before and after of the pages done. */
  readonly before: number
  readonly after: number
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000
/** A pause that nobody ends would look like a hang: after so long a page is done all the same. */
const MOST_PAUSES = 30

/**
 * Compacts the pages that the options choose. A second one beside it, and a live service, cost time only: what one of
 * them changed first, the other leaves. Run again after an end half-way, it finds what is left to do.
 * @throws DatabaseError, or the reason of `signal`
 */
export const compactPages = async (
  options: CompactOptions,
  parts: CompactParts,
  told: (progress: CompactProgress) => void = () => undefined,
): Promise<CompactReport> => {
  const started = parts.clock.now()
  const pages = await chosenPages(options, parts.database)
  const results: CompactedPage[] = []
  const sum = { before: 0, after: 0 }
  let pausedMs = 0
  const { concurrency } = options
  await eachPage(pages, { concurrency, signal: parts.signal }, async (page) => {
    const waited = await pause(options, parts)
    pausedMs += waited
    const result = await compactPage(page, options, parts)
    results.push(result)
    sum.before += result.before.bytes
    sum.after += result.after.bytes
    told({ done: results.length, total: pages.length, ...sum })
  })
  const { story, picturesOlderThanDays: olderThanDays, dryRun } = options
  const pictures = olderThanDays === null ? null : await clearPictures({ story, olderThanDays, dryRun }, parts)
  const seconds = (parts.clock.now() - started) / 1000
  return reportOf(results, options, { pictures, seconds, pausedSeconds: pausedMs / 1000 })
}

/** Waits while the database answers slowly. @returns for how many ms */
const pause = async ({ maxLoadMs }: CompactOptions, { database, clock, signal }: CompactParts): Promise<number> => {
  const started = clock.now()
  let wait = FIRST_PAUSE_MS
  for (let times = 0; times < MOST_PAUSES; times++) {
    const asked = clock.now()
    await database.query('SELECT 1')
    if (clock.now() - asked <= maxLoadMs) break
    await new Promise<void>((resolve) => clock.after(wait, resolve))
    signal.throwIfAborted()
    wait = Math.min(wait * 2, LONGEST_PAUSE_MS)
  }
  return clock.now() - started
}

const reportOf = (
  results: readonly CompactedPage[],
  { dryRun }: CompactOptions,
  others: Pick<CompactReport, 'pictures' | 'seconds' | 'pausedSeconds'>,
): CompactReport => {
  const total = (sizes: readonly Size[]): Size => ({
    rows: sizes.reduce((sum, { rows }) => sum + rows, 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  })
  const because = (outcome: 'skipped' | 'failed') =>
    results.flatMap(({ page, why, ...result }) => (result.outcome === outcome ? [{ page, why }] : []))
  return {
    dryRun,
    pages: results.length,
    compacted: results.filter(({ outcome }) => outcome === 'compacted').length,
    before: total(results.map(({ before }) => before)),
    after: total(results.map(({ after }) => after)),
    skipped: because('skipped'),
    quarantined: results.flatMap(({ page, quarantined }) => (quarantined > 0 ? [{ page, rows: quarantined }] : [])),
    failed: because('failed'),
    ...others,
  }
}
