/** Mending a snapshot from what is kept besides it. */
import { createHash } from 'node:crypto'
import type { Database } from '../database/port.ts'
import { JobError, type Threads } from '../threads/pool.ts'
import type { Squashed } from '../threads/squash.ts'
import { firstGap, storedFaults } from './agree.ts'
import { LOCK_UNMOVED, OLDER_SNAPSHOTS, ROWS_BETWEEN, SNAPSHOT } from './history-statements.ts'
import { insertSnapshot } from './swap.ts'

interface Head {
  readonly snapshot_seq: number
  readonly history_seq: number
  readonly epoch: number
}

interface Stored {
  readonly seq: number
  readonly data: Uint8Array
  readonly hash: Uint8Array
  readonly state_vector: Uint8Array
  readonly deletes: number
}

interface MendParts {
  readonly database: Database
  readonly threads: Threads
  readonly signal: AbortSignal
}

/** What is wrong with the snapshot that a page begins with; null: nothing. @throws DatabaseError */
export const snapshotFault = async (page: string, head: Head, { database, threads, signal }: MendParts) => {
  if (head.snapshot_seq === 0) return null
  const [stored] = await database.query<Stored>(SNAPSHOT, [page, head.snapshot_seq])
  if (stored === undefined) return `snapshot ${head.snapshot_seq} is missing`
  const [fault] = storedFaults(stored)
  if (fault !== undefined) return fault
  try {
    const { pending } = await threads.run('inspect', { base: stored.data, rows: [] }, { signal })
    return pending ? `snapshot ${stored.seq} refers to what it does not hold` : null
  } catch (error) {
    if (error instanceof JobError) return `snapshot ${stored.seq} cannot be read: ${error.message}`
    throw error
  }
}

/**
 * Makes the snapshot of a page anew: from its own data where that is whole, else from an older one and the history.
 * @returns whether it could, and the page had not moved on meanwhile
 * @throws DatabaseError
 */
export const mendSnapshot = async (page: string, head: Head, parts: MendParts): Promise<boolean> => {
  const [stored] = await parts.database.query<Stored>(SNAPSHOT, [page, head.snapshot_seq])
  const squashed = (await fromItself(stored, parts)) ?? (await fromHistory(page, head, parts))
  if (squashed === null) return false
  return parts.database.transaction(async (tx) => {
    const unmoved = await tx.query(LOCK_UNMOVED, [page, head.snapshot_seq, head.epoch, stored?.hash ?? null])
    if (unmoved.length > 0) await insertSnapshot(tx, page, head.snapshot_seq, squashed)
    return unmoved.length > 0
  })
}

const isWhole = ({ data, hash }: Pick<Stored, 'data' | 'hash'>): boolean =>
  createHash('sha256').update(data).digest().equals(Buffer.from(hash))

const fromItself = async (stored: Stored | undefined, parts: MendParts): Promise<Squashed | null> => {
  return stored !== undefined && isWhole(stored) ? squashed(stored.data, [], parts) : null
}

const fromHistory = async (page: string, head: Head, parts: MendParts): Promise<Squashed | null> => {
  const older = await parts.database.query<Pick<Stored, 'seq' | 'data' | 'hash'>>(OLDER_SNAPSHOTS, [
    page,
    head.snapshot_seq,
  ])
  const bases = older.filter(isWhole).map(({ seq, data }): { seq: number; data: Uint8Array | null } => ({ seq, data }))
  if (head.history_seq === 0) bases.push({ seq: 0, data: null })
  for (const base of bases) {
    const rows = await parts.database.query<{ seq: number; first_seq: number; data: Uint8Array }>(ROWS_BETWEEN, [
      page,
      base.seq,
      head.snapshot_seq,
    ])
    if (firstGap(base.seq, rows) !== null || (rows.at(-1)?.seq ?? base.seq) !== head.snapshot_seq) continue
    const found = await squashed(
      base.data,
      rows.map(({ data }) => data),
      parts,
    )
    if (found !== null) return found
  }
  return null
}

const squashed = async (
  base: Uint8Array | null,
  rows: readonly Uint8Array[],
  { threads, signal }: MendParts,
): Promise<Squashed | null> => {
  try {
    return await threads.run('squash', { base, rows }, { signal })
  } catch (error) {
    if (error instanceof JobError) return null
    throw error
  }
}
