/** A page as it was at a moment, and the rows between two. */
import type { Query } from '../../database/port.ts'
import type { AuthoredPart } from '../../threads/page/blame.ts'
import type { Updates } from '../../threads/page/build.ts'
import type { Roots } from '../../threads/page/roots.ts'
import { ArchiveFault } from './fault.ts'
import { PAST } from './past-statements.ts'

/** When: a seq, a time (the last seq that had reached us by then), or now. */
export type Moment = { readonly seq: number } | { readonly time: Date } | 'now'

export interface Past {
  readonly seq: number
  readonly epoch: number
  readonly restoreSeq: number
  readonly createdAt: Date
  /** Stored types of roots. */
  readonly roots: Roots
  /** The earlier moment and the later one, as seqs, and the page at each as updates. */
  readonly from: { readonly seq: number; readonly page: Updates }
  readonly to: { readonly seq: number; readonly page: Updates }
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
    restoreSeq: number
    deleted: boolean
    roots: Roots | null
  } | null
}

/**
 * Reads a page at two moments of one database moment; `from` may be the same as `to`.
 * @param withBetween whether the rows between are wanted too
 * @throws ArchiveFault: missing, deleted, gone; DatabaseError
 */
export const readPast = async (
  database: Query,
  roomId: string,
  { from, to, withBetween = false }: { readonly from: Moment; readonly to: Moment; readonly withBetween?: boolean },
): Promise<Past> => {
  const rows = await database.query<Row>(PAST, [roomId, ...parameters(from), ...parameters(to), withBetween])
  const head = rows.find(({ what }) => what === 'room')
  if (head?.room == null || (head.seq === 0 && !head.room.deleted))
    throw new ArchiveFault('missing', 'there is no such page')
  const { room } = head
  if (room.deleted) throw new ArchiveFault('deleted', 'this page was deleted')
  const pageAt = (seq: number, base: number): Updates => {
    const page = rows.filter((row) =>
      row.what === 'snapshot' ? row.seq === base && base > 0 : row.what === 'row' && row.seq > base && row.seq <= seq,
    )
    if (page.length === 0 && seq > 0) throw new ArchiveFault('gone', 'the history of that moment is not kept any more')
    return page.sort((one, other) => Number(one.what === 'row') - Number(other.what === 'row')).map(({ data }) => data)
  }
  return {
    seq: head.seq,
    epoch: room.epoch,
    restoreSeq: room.restoreSeq,
    createdAt: new Date(head.at),
    roots: room.roots ?? {},
    from: { seq: room.from, page: pageAt(room.from, room.fromBase) },
    to: { seq: room.to, page: pageAt(room.to, room.toBase) },
    between: withBetween ? rows.filter(({ what, seq }) => what === 'row' && seq > room.from && seq <= room.to) : [],
  }
}

const parameters = (moment: Moment): (number | string | null)[] => {
  if (moment === 'now') return [null, null]
  return 'seq' in moment ? [moment.seq, null] : [null, moment.time.toISOString()]
}
