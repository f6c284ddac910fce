/** Coarsening: old rows of the history joined by the hour, then by the day, a part for each author. */
import type { Database, Query } from '../database/port.ts'
import type { Threads } from '../threads/pool.ts'
import { OLD_ROWS, PUT_ROWS, ROW_DATA, TAKE_ROWS } from './history-statements.ts'
import { type HistoryRow, type HistorySettings, partsOf, windowsOf } from './windows.ts'

export interface HistoryParts {
  readonly database: Database
  readonly threads: Threads
  readonly signal: AbortSignal
  readonly settings: HistorySettings
}

/** What joining did, or would do. */
export interface Joined {
  /** Rows taken out, and rows put in their place. */
  readonly rows: number
  readonly into: number
  /** Bytes taken out, and bytes put in their place. */
  readonly bytes: number
  readonly intoBytes: number
}

interface Part {
  readonly window: number
  readonly part: number
  readonly author: string | null
  readonly via: string | null
  readonly data: Uint8Array
}

interface Span {
  readonly number: number
  readonly rows: number
  readonly seq: number
  readonly first_seq: number
  readonly at: string
  readonly first_at: string
  readonly batch: string
}

/** Somebody else changed the rows first: nothing was changed here. */
class RowsChanged extends Error {}

const ROWS_AT_ONCE = 5000
const BYTES_AT_ONCE = 8_000_000

/**
 * Joins what is old enough. Windows that another process changed meanwhile are left as they are.
 * @param dryRun works all out as it will be after a fold, and writes nothing
 * @param from leaves rows before this seq alone
 * @throws DatabaseError, JobError, ThreadsBusy, ThreadLost
 */
export const coarsenHistory = async (
  roomId: string,
  parts: HistoryParts,
  { dryRun = false, from: first = 0 }: { readonly dryRun?: boolean; readonly from?: number } = {},
): Promise<Joined> => {
  const sum = { rows: 0, into: 0, bytes: 0, intoBytes: 0 }
  for (let from = first; ; ) {
    parts.signal.throwIfAborted()
    const { rows, now, isLast } = await oldRows(roomId, from, parts, dryRun)
    const windows = windowsOf(rows, now, parts.settings)
    for (const some of chunks(windows)) {
      const joined = await joinWindows(roomId, some, parts)
      if (!dryRun && !(await replace(roomId, some, joined, parts.database))) continue
      sum.rows += some.reduce((count, window) => count + window.length, 0)
      sum.bytes += some.flat().reduce((bytes, row) => bytes + row.bytes, 0)
      sum.into += joined.length
      sum.intoBytes += joined.reduce((bytes, { data }) => bytes + data.length, 0)
    }
    const last = rows.at(-1)
    if (isLast || last === undefined) return sum
    // The last window may go on in the next rows.
    const cut = dryRun || windows.at(-1)?.at(-1)?.seq !== last.seq ? last.seq + 1 : last.seq
    from = cut
  }
}

/** Rows from seq `from` on, whole seqs only. */
const oldRows = async (roomId: string, from: number, { database, settings }: HistoryParts, withTail: boolean) => {
  const found = await database.query<HistoryRow & { now: number }>(OLD_ROWS, [
    roomId,
    from,
    settings.fullDays,
    ROWS_AT_ONCE,
    withTail,
  ])
  const isLast = found.length < ROWS_AT_ONCE
  const cut = found.at(-1)?.seq
  const rows = isLast ? found : found.filter(({ seq }) => seq !== cut)
  return { rows, now: found[0]?.now ?? 0, isLast }
}

/** Windows that are worked on together: their data is in memory at once. */
const chunks = (windows: readonly HistoryRow[][]): HistoryRow[][][] => {
  const result: HistoryRow[][][] = []
  let bytes = BYTES_AT_ONCE
  for (const window of windows) {
    if (bytes >= BYTES_AT_ONCE) {
      result.push([])
      bytes = 0
    }
    result.at(-1)?.push(window)
    bytes += window.reduce((sum, row) => sum + row.bytes, 0)
  }
  return result
}

const joinWindows = async (
  roomId: string,
  windows: readonly HistoryRow[][],
  { database, threads, signal }: HistoryParts,
): Promise<Part[]> => {
  const [first, last] = [windows[0]?.[0], windows.at(-1)?.at(-1)]
  const rows = await database.query<{ seq: number; part: number; data: Uint8Array }>(ROW_DATA, [
    roomId,
    first?.seq ?? 0,
    last?.seq ?? 0,
  ])
  const data = new Map(rows.map((row) => [`${row.seq}.${row.part}`, row.data]))
  const groups = windows.flatMap((window, number) =>
    partsOf(window).map((part, index) => ({ number, index, rows: part })),
  )
  const updates = groups.map((group) =>
    // A row that went meanwhile will not be there to be replaced either.
    group.rows.flatMap(({ seq, part }) => data.get(`${seq}.${part}`) ?? []),
  )
  const joined = await threads.run('join', updates, { signal })
  return groups.map(({ number, index, rows: [row] }, at) => ({
    window: number,
    part: index,
    author: row?.author ?? null,
    via: row?.via ?? null,
    data: joined[at] as Uint8Array,
  }))
}

const replace = async (
  roomId: string,
  windows: readonly HistoryRow[][],
  joined: readonly Part[],
  database: Database,
): Promise<boolean> => {
  try {
    await database.transaction(async (tx) => {
      const spans = await takeRows(tx, roomId, windows)
      await putRows(tx, roomId, spans, joined)
    })
    return true
  } catch (error) {
    if (error instanceof RowsChanged) return false
    throw error
  }
}

const takeRows = async (tx: Query, roomId: string, windows: readonly HistoryRow[][]): Promise<readonly Span[]> => {
  const asked = windows.flatMap((window, number) => window.map((row) => ({ number, ...row })))
  const spans = await tx.query<Span>(TAKE_ROWS, [
    roomId,
    asked.map(({ number }) => number),
    asked.map(({ seq }) => seq),
    asked.map(({ part }) => part),
    asked.map(({ first_seq }) => first_seq),
    asked.map(({ bytes }) => bytes),
    asked.map(({ batch }) => batch),
  ])
  if (spans.reduce((rows, span) => rows + span.rows, 0) !== asked.length) throw new RowsChanged()
  return spans
}

const putRows = async (tx: Query, roomId: string, spans: readonly Span[], joined: readonly Part[]): Promise<void> => {
  const data = new Uint8Array(joined.reduce((sum, part) => sum + part.data.length, 0))
  const starts: number[] = []
  let at = 0
  for (const part of joined) {
    data.set(part.data, at)
    starts.push(at + 1)
    at += part.data.length
  }
  const span = joined.map(({ window }) => spans[window] as Span)
  await tx.query(PUT_ROWS, [
    roomId,
    span.map(({ seq }) => seq),
    joined.map(({ part }) => part),
    span.map(({ batch }) => batch),
    span.map(({ first_seq }) => first_seq),
    span.map((each) => each.at),
    span.map(({ first_at }) => first_at),
    joined.map(({ author }) => author),
    joined.map(({ via }) => via),
    starts,
    joined.map((part) => part.data.length),
    data,
  ])
}
