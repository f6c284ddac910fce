/** Requests that take effect once: the answer is kept in the transaction of the effect, and given again. */
import { type Database, DatabaseError, type Query } from '../../database/port.ts'
import { ArchiveFault } from './fault.ts'
import type { Once } from './parts.ts'

const UNIQUE_VIOLATION = '23505'

const FIND = `
  SELECT request, body FROM scriptorium.answer
  WHERE scope = $1 AND key = $2 AND at > clock_timestamp() - interval '1 day'`

const EXPIRE = `DELETE FROM scriptorium.answer WHERE scope = $1 AND at <= clock_timestamp() - interval '1 day'`

const KEEP = `INSERT INTO scriptorium.answer (scope, key, request, body) VALUES ($1, $2, $3, $4::jsonb)`

/** Keeps the answer, in the transaction of what it answers. */
export type Remember<T> = (tx: Query, answer: T) => Promise<void>

/**
 * Does the work unless it was done under this key before, and gives its answer either way.
 * @param work must call `remember` in the transaction that makes it take effect
 * @throws ArchiveFault `reused` when the key stood for another request
 */
export const doOnce = async <T>(
  database: Database,
  once: Once | null,
  work: (remember: Remember<T>) => Promise<T>,
): Promise<T> => {
  if (once === null) return work(async () => undefined)
  const before = await find<T>(database, once)
  if (before !== null) return before.answer
  try {
    return await work(async (tx, answer) => {
      await tx.query(EXPIRE, [once.scope])
      await tx.query(KEEP, [once.scope, once.key, once.request, JSON.stringify(answer)])
    })
  } catch (error) {
    // The same request came twice at once: the other one's answer stands, or its restore made this one come second.
    const other = mayBeSecond(error) ? await find<T>(database, once) : null
    if (other === null) throw error
    return other.answer
  }
}

const mayBeSecond = (error: unknown): boolean =>
  (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) ||
  (error instanceof ArchiveFault && (error.kind === 'raced' || error.kind === 'taken'))

const find = async <T>(database: Query, { scope, key, request }: Once): Promise<{ answer: T } | null> => {
  const [row] = await database.query<{ request: string; body: T }>(FIND, [scope, key])
  if (row === undefined) return null
  if (row.request === request) return { answer: row.body }
  throw new ArchiveFault('reused', 'this Idempotency-Key stood for another request: use a new one')
}
