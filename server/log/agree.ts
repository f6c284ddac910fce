/** Whether a page's snapshot and its history tell the same. */
import { createHash } from 'node:crypto'
import * as Y from 'yjs'
import type { Query } from '../database/port.ts'
import { JobError, type Threads } from '../threads/pool.ts'
import { HAS_QUARANTINE, WHOLE_HISTORY } from './history-statements.ts'

export interface AgreeParts {
  readonly database: Query
  readonly threads: Threads
  readonly signal: AbortSignal
}

export interface StoredSnapshot {
  readonly seq: number
  readonly data: Uint8Array
  readonly hash: Uint8Array | null
  readonly state_vector: Uint8Array | null
  readonly deletes: number | null
}

interface Kept extends StoredSnapshot {
  readonly what: 'base' | 'row' | 'snapshot'
  readonly first_seq: number
}

/** What is wrong, in words; nothing where all agree. @throws DatabaseError, ThreadsBusy, ThreadLost */
export const historyFaults = async (page: string, parts: AgreeParts): Promise<string[]> => {
  const kept = await parts.database.query<Kept>(WHOLE_HISTORY, [page])
  const snapshot = kept.find(({ what }) => what === 'snapshot')
  if (snapshot === undefined) return []
  const faults = storedFaults(snapshot)
  const base = kept.find(({ what }) => what === 'base')
  if (base !== undefined) faults.push(...storedFaults(base))
  const rows = kept.filter(({ what }) => what === 'row')
  // A history that begins with the present snapshot has nothing to be compared with.
  if (rows.length === 0 || faults.length > 0) return faults
  const [{ rows: aside } = { rows: 0 }] = await parts.database.query<{ rows: number }>(HAS_QUARANTINE, [page])
  if (aside > 0) return faults
  const gap = firstGap(base?.seq ?? 0, rows)
  if (gap !== null) return [`the history lacks row ${gap}`]
  return difference(snapshot, base, rows, parts)
}

/** Whether a stored snapshot is what was stored. */
export const storedFaults = ({ seq, data, hash, state_vector, deletes }: StoredSnapshot): string[] => {
  const faults: string[] = []
  if (!same(createHash('sha256').update(data).digest(), hash)) faults.push(`the hash of snapshot ${seq} differs`)
  else if (!sameVector(data, state_vector)) {
    faults.push(`the state vector of snapshot ${seq} differs`)
  } else if (deletes === null || deletes < 0 || deletes >= data.length) {
    faults.push(`the offset of the deletes of snapshot ${seq} is none`)
  }
  return faults
}

const same = (one: Uint8Array, other: Uint8Array | null): boolean =>
  other !== null && Buffer.from(one).equals(Buffer.from(other))

const sameVector = (data: Uint8Array, stored: Uint8Array | null): boolean => {
  if (stored === null) return false
  const [one, other] = [Y.decodeStateVector(Y.encodeStateVectorFromUpdate(data)), Y.decodeStateVector(stored)]
  return one.size === other.size && [...one].every(([client, clock]) => other.get(client) === clock)
}

/** The first seq above `from` that no row stands for, up to the last row; null: none. @param rows by seq */
export const firstGap = (
  from: number,
  rows: readonly { readonly seq: number; readonly first_seq: number }[],
): number | null => {
  let next = from + 1
  for (const { seq, first_seq } of rows) {
    if (first_seq > next) return next
    next = Math.max(next, seq + 1)
  }
  return null
}

const difference = async (
  snapshot: Kept,
  base: Kept | undefined,
  rows: readonly Kept[],
  { threads, signal }: AgreeParts,
): Promise<string[]> => {
  try {
    const data = rows.map((row) => row.data)
    const told = await threads.run('inspect', { base: base?.data ?? null, rows: data }, { signal })
    const stored = await threads.run('inspect', { base: snapshot.data, rows: [] }, { signal })
    if (stored.pending) return [`snapshot ${snapshot.seq} refers to what it does not hold`]
    if (told.pending) return ['the history refers to what it does not hold']
    return told.content === stored.content ? [] : [`snapshot ${snapshot.seq} differs from the history`]
  } catch (error) {
    if (error instanceof JobError) return [`the history cannot be read: ${error.message}`]
    throw error
  }
}
