/** The rows of access: changes of rights, who has read them, and the audit. */
import { DatabaseError, type Query } from '../database/port.ts'

/** The last word on what a subject may do in a scope, or on whether the scope is frozen. */
export interface Change {
  /** Rises in the order in which changes commit. */
  readonly id: number
  /** `ask`: nothing has changed, but there is a question. */
  readonly kind: 'grant' | 'freeze' | 'ask'
  /** SHA-256 of the user id; empty for a freeze. */
  readonly subject: string
  /** Empty: every story. */
  readonly story: string
  /** Empty: every page of the story. */
  readonly page: string
  /** A role; of a freeze `on` or `off`. */
  readonly value: string
  readonly reason: string | null
  /** By the clock of the database, in milliseconds since 1970. */
  readonly at: number
}

export type NewChange = Omit<Change, 'id' | 'at'>

const COLUMNS = 'id, kind, subject, story, page, value, reason, at'

const READ = `SELECT ${COLUMNS} FROM scriptorium.grant_change WHERE id > $1 ORDER BY id`

/** Changes above $1, each beside how far process $2 has noted that it has read; one row at least. */
const READ_ON = `
  SELECT noted.seen, change.*
  FROM (SELECT (SELECT seen FROM scriptorium.grant_reader WHERE process = $2) AS seen) AS noted
  LEFT JOIN (SELECT ${COLUMNS} FROM scriptorium.grant_change WHERE id > $1) AS change ON true
  ORDER BY change.id`

/** Two that write at once choose the same id: the second waits for the first, fails, and is tried again. */
const WRITE = `
  INSERT INTO scriptorium.grant_change (id, kind, subject, story, page, value, reason)
  SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6 FROM scriptorium.grant_change
  ON CONFLICT (kind, subject, story, page) DO UPDATE
  SET id = excluded.id, value = excluded.value, reason = excluded.reason, at = excluded.at
  RETURNING ${COLUMNS}`

/** As WRITE, unless there is a word as late as $7, in ms since 1970. */
const BRING_BACK = `
  INSERT INTO scriptorium.grant_change (id, kind, subject, story, page, value, reason, at)
  SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000) FROM scriptorium.grant_change
  ON CONFLICT (kind, subject, story, page) DO UPDATE
  SET id = excluded.id, value = excluded.value, reason = excluded.reason, at = excluded.at
  WHERE grant_change.at < excluded.at`

const SEEN = `
  INSERT INTO scriptorium.grant_reader (process, seen) VALUES ($1, $2)
  ON CONFLICT (process) DO UPDATE SET seen = excluded.seen, at = clock_timestamp()`

const BEHIND = `SELECT count(*)::int AS count FROM scriptorium.grant_reader WHERE seen < $1`

/** Those that do not read any more; one that does comes back with its next reading. */
const DROP_BEHIND = `DELETE FROM scriptorium.grant_reader WHERE seen < $1`

const UNIQUE_VIOLATION = '23505'
const ATTEMPTS = 20

type Row = Omit<Change, 'at'> & { readonly at: Date }
const changeOf = (row: Row): Change => ({ ...row, at: row.at.getTime() })

/** Changes above `after`, in order. @throws DatabaseError */
export const readChanges = async (database: Query, after: number): Promise<Change[]> =>
  (await database.query<Row>(READ, [after])).map(changeOf)

/**
 * Changes above `after`, in order, and how far `process` has noted that it has read; null: it has not.
 * @throws DatabaseError
 */
export const readOn = async (
  database: Query,
  process: string,
  after: number,
): Promise<{ readonly seen: number | null; readonly changes: readonly Change[] }> => {
  const rows = await database.query<{ seen: number | null } & (Row | { id: null })>(READ_ON, [after, process])
  const changes = rows.flatMap(({ seen: _seen, ...row }) => (row.id === null ? [] : [changeOf(row)]))
  return { seen: rows[0]?.seen ?? null, changes }
}

/** Writes the last word on a subject. @throws DatabaseError */
export const writeChange = async (database: Query, change: NewChange): Promise<Change> => {
  const { kind, subject, story, page, value, reason } = change
  const [row] = await untilAlone(() => database.query<Row>(WRITE, [kind, subject, story, page, value, reason]))
  return changeOf(row as Row)
}

/** Writes what the database held once and has lost, unless there is a later word by now. @throws DatabaseError */
export const bringBack = async (database: Query, change: Change): Promise<void> => {
  const { kind, subject, story, page, value, reason, at } = change
  await untilAlone(() => database.query(BRING_BACK, [kind, subject, story, page, value, reason, at]))
}

/** Tries again while another process chooses the same id. */
const untilAlone = async <T>(write: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      const collided = error instanceof DatabaseError && error.code === UNIQUE_VIOLATION
      if (!collided || attempt === ATTEMPTS) throw error
    }
  }
}

/** Notes how far a process has read. @throws DatabaseError */
export const noteSeen = async (database: Query, process: string, id: number): Promise<void> => {
  await database.query(SEEN, [process, id])
}

/** A process that ends reads no more. @throws DatabaseError */
export const forgetReader = async (database: Query, process: string): Promise<void> => {
  await database.query('DELETE FROM scriptorium.grant_reader WHERE process = $1', [process])
}

/** How many processes have not read a change. @throws DatabaseError */
export const countBehind = async (database: Query, id: number): Promise<number> =>
  (await database.query<{ count: number }>(BEHIND, [id]))[0]?.count ?? 0

/** Forgets the processes that have not read a change. @throws DatabaseError */
export const dropBehind = async (database: Query, id: number): Promise<void> => {
  await database.query(DROP_BEHIND, [id])
}
