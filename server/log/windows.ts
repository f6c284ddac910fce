/** Which rows of the history become one: the older, the coarser. */

/** How the history of a page is kept, in days; null: for ever. */
export interface HistorySettings {
  /** Every row is kept as it was written for so long; */
  readonly fullDays: number
  /** then one for each hour, for so long; then one for each day, */
  readonly hourlyDays: number
  /** until it is dropped. */
  readonly days: number | null
}

/** The same, but rows stay as they were written for `days`; null: for as long as the settings say. */
export const withOriginals = (settings: HistorySettings, days: number | null): HistorySettings =>
  days === null ? settings : { ...settings, fullDays: days, hourlyDays: Math.max(days, settings.hourlyDays) }

/** A row of the history without its data. */
export interface HistoryRow {
  readonly seq: number
  readonly part: number
  /** It stands for all from this seq on. */
  readonly first_seq: number
  readonly batch: string
  readonly author: string | null
  readonly via: string | null
  readonly kind: string
  readonly bytes: number
  /** When it was written, in ms since 1970. */
  readonly at: number
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** A window larger than this is read slowly and gains nothing. */
const WINDOW_BYTES = 2_000_000
const EDIT = 'edit'

/** The time that a row shares with those it may be joined with; null: it stays as it is. */
const bucketOf = ({ at, kind }: HistoryRow, now: number, { fullDays, hourlyDays }: HistorySettings): string | null => {
  const age = now - at
  if (kind !== EDIT || age < fullDays * DAY) return null
  return age < hourlyDays * DAY ? `hour ${Math.floor(at / HOUR)}` : `day ${Math.floor(at / DAY)}`
}

/**
 * The rows to be joined, each window at least two seqs that follow one another without a gap.
 * @param rows by seq and part
 */
export const windowsOf = (rows: readonly HistoryRow[], now: number, settings: HistorySettings): HistoryRow[][] => {
  const windows: HistoryRow[][] = []
  let window: HistoryRow[] = []
  let bucket: string | null = null
  let bytes = 0
  const close = () => {
    if (window[0]?.seq !== window.at(-1)?.seq) windows.push(window)
    window = []
    bytes = 0
  }
  for (const row of rows) {
    const last = window.at(-1)
    if (last?.seq !== row.seq) {
      const its = bucketOf(row, now, settings)
      const follows = last !== undefined && row.first_seq === last.seq + 1
      if (its === null || its !== bucket || !follows || bytes >= WINDOW_BYTES) close()
      bucket = its
    }
    if (bucket === null) continue
    window.push(row)
    bytes += row.bytes
  }
  close()
  return windows
}

/** The rows of a window by who wrote them, in the order in which they first did. */
export const partsOf = (window: readonly HistoryRow[]): HistoryRow[][] => {
  const parts = new Map<string, HistoryRow[]>()
  for (const row of window) {
    const key = JSON.stringify([row.author, row.via])
    const part = parts.get(key)
    if (part === undefined) parts.set(key, [row])
    else part.push(row)
  }
  return [...parts.values()]
}
