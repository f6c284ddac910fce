/** Compaction of one page. */

import { counted } from '../../shared/counted.ts'
import type { Size } from '../../shared/operators.ts'
import type { Database } from '../database/port.ts'
import type { Clock, Counters, Logger } from '../ports.ts'
import { JobError, type Threads } from '../threads/pool.ts'
import { historyFaults } from './agree.ts'
import { coarsenHistory, type HistoryParts } from './coarsen.ts'
import { foldRoom, squashPage } from './fold.ts'
import { MEASURE } from './history-statements.ts'
import { loadPage } from './load.ts'
import { expiredRows } from './retention.ts'
import { type KeptSnapshot, needless } from './snapshots.ts'
import { SNAPSHOT_DISTANCES } from './statements.ts'
import { tendHistory } from './tend.ts'
import type { HistorySettings } from './windows.ts'

export interface CompactPageOptions {
  /** Pages with fewer rows are left alone. */
  readonly minRows: number
  /** Works all out and writes nothing. */
  readonly dryRun: boolean
  /** Reads back what was written and compares. */
  readonly verify: boolean
}

export interface CompactParts {
  readonly database: Database
  readonly threads: Threads
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
  readonly history: HistorySettings
  readonly signal: AbortSignal
}

export interface CompactedPage {
  readonly page: string
  readonly outcome: 'compacted' | 'skipped' | 'failed'
  /** Why it was skipped or failed. */
  readonly why: string
  readonly before: Size
  readonly after: Size
  /** Rows set aside. */
  readonly quarantined: number
}

interface Measured {
  readonly seq: number
  readonly snapshot_seq: number
  readonly history_seq: number
  readonly rows: number
  readonly row_bytes: number
  readonly snapshots: number
  readonly snapshot_bytes: number
}

const sizeOf = ({ rows, row_bytes, snapshots, snapshot_bytes }: Measured): Size => ({
  rows: rows + snapshots,
  bytes: row_bytes + snapshot_bytes,
})

/** @throws DatabaseError; what is wrong with the page itself is told, not thrown */
export const compactPage = async (
  page: string,
  options: CompactPageOptions,
  parts: CompactParts,
): Promise<CompactedPage> => {
  const before = await measure(page, parts)
  if (before === null) return skipped(page, 'it was deleted meanwhile', { rows: 0, bytes: 0 })
  if (before.rows < options.minRows)
    return skipped(page, `fewer than ${counted(options.minRows, 'row')}`, sizeOf(before))
  const history = { ...parts, settings: parts.history }
  try {
    if (options.dryRun) return await predicted(page, before, history, parts)
    return await done(page, before, options, history, parts)
  } catch (error) {
    if (!(error instanceof JobError)) throw error
    return { ...skipped(page, error.message, sizeOf(before)), outcome: 'failed' }
  }
}

const skipped = (page: string, why: string, size: Size): CompactedPage => ({
  ...{ page, outcome: 'skipped', why, before: size, after: size, quarantined: 0 },
})

const measure = async (page: string, { database }: CompactParts): Promise<Measured | null> =>
  (await database.query<Measured>(MEASURE, [page]))[0] ?? null

const done = async (
  page: string,
  before: Measured,
  options: CompactPageOptions,
  history: HistoryParts,
  parts: CompactParts,
): Promise<CompactedPage> => {
  let quarantined = 0
  const counters = {
    count: (...[name, by = 1]: Parameters<CompactParts['counters']['count']>) => {
      if (name === 'rows_quarantined') quarantined += by
      parts.counters.count(name, by)
    },
  }
  const folded = await foldRoom(page, { ...parts, counters })
  const { joined, dropped, snapshots } = await tendHistory(page, history)
  if (options.verify) await verify(page, parts)
  const after = (await measure(page, parts)) ?? before
  const changed = folded !== null || joined.rows + dropped.rows + snapshots > 0
  if (!changed) return skipped(page, 'nothing to do', sizeOf(after))
  return { page, outcome: 'compacted', why: '', before: sizeOf(before), after: sizeOf(after), quarantined }
}

/** What compaction would leave, worked out from the rows themselves. @throws as compactPage */
const predicted = async (
  page: string,
  before: Measured,
  history: HistoryParts,
  parts: CompactParts,
): Promise<CompactedPage> => {
  const loaded = await loadPage(parts.database, page)
  const squashed = loaded === null || loaded.rows.length === 0 ? null : await squashPage(loaded, parts)
  const dropped = await expiredRows(page, history)
  const joined = await coarsenHistory(page, history, { dryRun: true, from: dropped.seq + 1 })
  const rowsAfter = before.rows - dropped.rows - joined.rows + joined.into
  const snapshots = await parts.database.query<KeptSnapshot>(SNAPSHOT_DISTANCES, [page])
  if (squashed !== null) {
    const rows = before.rows - snapshots.reduce((sum, snapshot) => sum + snapshot.rows, 0)
    snapshots.push({ seq: before.seq, rows, first: false, bytes: squashed.data.length })
  }
  const share = before.rows === 0 ? 1 : rowsAfter / before.rows
  const gone = needless(snapshots.map((snapshot) => ({ ...snapshot, rows: snapshot.rows * share })))
  const kept = snapshots.filter(({ seq }) => !gone.includes(seq) && seq >= dropped.seq)
  // The history would begin with a snapshot of its own, about as large as the next.
  if (dropped.rows > 0 && kept[0] !== undefined && kept[0].seq > dropped.seq) kept.unshift(kept[0])
  const after = {
    rows: rowsAfter + kept.length,
    bytes:
      before.row_bytes -
      dropped.bytes -
      joined.bytes +
      joined.intoBytes +
      kept.reduce((sum, { bytes }) => sum + bytes, 0),
  }
  if (squashed === null && dropped.rows + joined.rows + gone.length === 0)
    return skipped(page, 'nothing to do', sizeOf(before))
  return { page, outcome: 'compacted', why: '', before: sizeOf(before), after, quarantined: 0 }
}

/** What was written differs from what was there. */
export class VerifyError extends JobError {}

/**
 * Reads a page back: its snapshot, and the same moment from the history.
 * @throws VerifyError when they differ
 */
const verify = async (page: string, parts: CompactParts): Promise<void> => {
  const fault = (await historyFaults(page, parts))[0]
  if (fault !== undefined) throw new VerifyError(fault)
}
