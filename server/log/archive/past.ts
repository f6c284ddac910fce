/** A page as it was at a moment, and the rows between two. */
import type { Query } from '../../database/port.ts'
import type { AuthoredPart } from '../../threads/page/blame.ts'
import type { Updates } from '../../threads/page/build.ts'
import type { Roots } from '../../threads/page/roots.ts'
import { ArchiveFault } from './fault.ts'
import { PAST } from './past-statements.ts'

/** When: a seq, a time (the last seq that had reached us by then), or now. */
export type Moment = { readonly seq: number } | { readonly time: Date } | 'now'

export interface PageThen {
  readonly seq: number
  /** The updates that make it. */
  readonly page: Updates
  /** Whether that is one snapshot. */
  readonly isSnapshot: boolean
}

export interface Past {
  readonly seq: number
  /** When the row of that seq was written, in microseconds. */
  readonly writtenAt: number
  readonly epoch: number
  readonly restoreSeq: number
  readonly createdAt: Date
  /** Stored types of roots. */
  readonly roots: Roots
  readonly from: PageThen
  readonly to: PageThen
  /** The rows after `from` up to `to`, where they were asked for. */
  readonly between: readonly (AuthoredPart & { readonly seq: number })[]
}

interface Row {
  what: 'room' | 'snapshot' | 'row'
  seq: number
  part: number
  author: string | null
  kind: string
  at: number
  data: Uint8Array
  room: {
    from: number
    to: number
    fromBase: number
    toBase: number
    epoch: number
    writtenAt: number
    restoreSeq: number
    historySeq: number
    deleted: boolean
    roots: Roots | null
  } | null
}

interface Asked {
  readonly from: Moment
  readonly to: Moment
  /** Whether the rows between are wanted too. */
  readonly withBetween?: boolean
  /** Whether a page that was deleted, and can come back, may be read. */
  readonly evenDeleted?: boolean
}

/**
 * Reads a page at two moments of one database moment; `from` may be the same as `to`.
 * @throws ArchiveFault: missing, deleted, gone; DatabaseError
 */
export const readPast = async (
  database: Query,
  roomId: string,
  { from, to, withBetween = false, evenDeleted = false }: Asked,
): Promise<Past> => {
  const rows = await database.query<Row>(PAST, [roomId, ...parameters(from), ...parameters(to), withBetween])
  const head = rows.find(({ what }) => what === 'room')
  if (head?.room == null || (head.seq === 0 && !head.room.deleted))
    throw new ArchiveFault('missing', 'there is no such page')
  const { room } = head
  if (room.deleted && !evenDeleted) throw new ArchiveFault('deleted', 'this page was deleted')
  if (room.from > room.to) throw new ArchiveFault('invalid', 'from must not be later than to')
  const then = (seq: number, base: number): PageThen => {
    const snapshots = rows.filter((row) => row.what === 'snapshot' && row.seq === base)
    const tail = rows.filter((row) => row.what === 'row' && row.seq > base && row.seq <= seq)
    const page = [...snapshots, ...tail].map(({ data }) => data)
    if (seq < room.historySeq || (page.length === 0 && seq > 0)) {
      throw new ArchiveFault('gone', 'the history of that moment is not kept any more')
    }
    return { seq, page, isSnapshot: tail.length === 0 && page.length === 1 }
  }
  return {
    seq: head.seq,
    writtenAt: room.writtenAt,
    epoch: room.epoch,
    restoreSeq: room.restoreSeq,
    createdAt: new Date(head.at),
    roots: room.roots ?? {},
    from: isBeginning(from) ? BEGINNING : then(room.from, room.fromBase),
    to: isBeginning(to) ? BEGINNING : then(room.to, room.toBase),
    between: withBetween ? rows.filter(({ what, seq }) => what === 'row' && seq > room.from && seq <= room.to) : [],
  }
}

/** The page then. @throws ArchiveFault missing where nothing had been written yet */
export const existing = (then: PageThen, moment: Moment): Updates => {
  if (then.seq > 0 || isBeginning(moment)) return then.page
  throw new ArchiveFault('missing', 'the page did not exist then')
}

/** Before anything was written; it can be had though the first rows are gone. */
const BEGINNING: PageThen = { seq: 0, page: [], isSnapshot: false }

const isBeginning = (moment: Moment): boolean => moment !== 'now' && 'seq' in moment && moment.seq === 0

const parameters = (moment: Moment): (number | string | null)[] => {
  if (moment === 'now') return [null, null]
  return 'seq' in moment ? [moment.seq, null] : [null, moment.time.toISOString()]
}
