/** Setting rows aside that make a page unreadable: kept, listed, not served. */
import * as Y from 'yjs'
import type { Query } from '../database/port.ts'
import type { Culled } from '../threads/cull.ts'
import type { JobError } from '../threads/pool.ts'
import { type LoadedPage, loadPage, type PageRow } from './load.ts'
import type { Folded } from './port.ts'
import { LOCK_ROOM, QUARANTINE, RAISE_EPOCH } from './statements.ts'
import { type FoldParts, swap } from './swap.ts'

/** By its batch too: a database that was put back in time may have another row in that place. */
const keyOf = ({ seq, part, batch }: PageRow): string => `${seq}.${part} ${batch}`

/**
 * Folds a page without the rows that cannot be read and those that go on from them. Rooms that are open hold them still,
 * and what they write next may go on from them too; so the epoch is raised, which refuses it.
 * @throws `fault` when no row is to blame for it; DatabaseError
 */
export const setAside = async (
  roomId: string,
  page: LoadedPage,
  fault: JobError,
  parts: FoldParts,
): Promise<Folded | null> => {
  const first = await cullPage(page, new Map(), parts)
  if (first.culprits.length === 0) throw fault
  const known = new Map(first.culprits.map(({ row, why }) => [keyOf(page.rows[row] as PageRow), why]))
  // Found without holding anybody up; what was written meanwhile is looked at while nobody can write.
  const folded = await parts.database.transaction((tx) => setAsideLocked(tx, roomId, known, parts))
  if (folded !== null) parts.counters.count('folds')
  return folded
}

const setAsideLocked = async (
  tx: Query,
  roomId: string,
  known: ReadonlyMap<string, string>,
  parts: FoldParts,
): Promise<Folded | null> => {
  const [locked] = await tx.query<{ epoch: number; dead: Uint8Array | null }>(LOCK_ROOM, [roomId])
  const page = await loadPage(tx, roomId)
  if (locked === undefined || page === null || page.rows.length === 0) return null
  const { squashed, culprits, dead } = await cullPage(page, known, parts)
  if (culprits.length === 0) return null
  const rows = culprits.map(({ row }) => page.rows[row] as PageRow)
  await swap(tx, roomId, page, squashed)
  const columns = [
    rows.map(({ seq }) => seq),
    rows.map(({ part }) => part),
    culprits.map(({ why }) => why.replaceAll('\0', '\\0')),
  ]
  await tx.query(QUARANTINE, [roomId, ...columns])
  await tx.query(RAISE_EPOCH, [roomId, joined(locked.dead, dead)])
  parts.counters.count('rows_quarantined', rows.length)
  const told = culprits.map(({ why }, index) => ({ row: keyOf(rows[index] as PageRow), why }))
  parts.logger.error(
    { room: roomId, rows: told.slice(0, 10), count: rows.length },
    'rows were set aside: see quarantine',
  )
  return { ...squashed, seq: page.seq, epoch: page.epoch + 1 }
}

const cullPage = (
  { snapshot, rows }: LoadedPage,
  known: ReadonlyMap<string, string>,
  { threads, signal }: FoldParts,
): Promise<Culled> => {
  const suspects = [...rows.entries()].flatMap(([row, each]) => {
    const why = known.get(keyOf(each))
    return why === undefined ? [] : [{ row, why }]
  })
  const data = rows.map((row) => row.data)
  const seqs = rows.map(({ seq }) => seq)
  return threads.run('cull', { base: snapshot?.data ?? null, rows: data, seqs, suspects }, { signal })
}

const joined = (before: Uint8Array | null, dead: Uint8Array): Uint8Array => {
  const clocks = Y.decodeStateVector(dead)
  if (before !== null) {
    for (const [client, clock] of Y.decodeStateVector(before))
      clocks.set(client, Math.max(clock, clocks.get(client) ?? 0))
  }
  return Y.encodeStateVector(clocks)
}
