/**
 * The one port over PostgreSQL: `postgres.ts` (through pg) and `pglite.ts` (embedded, in a worker thread) implement it.
 * Values: numbers, strings, booleans, null, Uint8Array (bytea), and arrays of numbers or strings.
 * Rows: int2/4/8 as number, bytea as Uint8Array, timestamptz as Date, text and uuid as string.
 */
export interface Query {
  /** Runs one parameterised statement and gives its rows. @throws DatabaseError */
  query<Row = Record<string, unknown>>(text: string, values?: readonly Value[]): Promise<Row[]>
}

export type Scalar = string | number | boolean | null | Uint8Array
export type Value = Scalar | readonly number[] | readonly string[] | readonly (string | null)[]

export interface Database extends Query {
  readonly kind: 'postgres' | 'pglite'
  /** Runs `work` in one transaction on one connection: COMMIT when it resolves, ROLLBACK when it throws. */
  transaction<T>(work: (tx: Query) => Promise<T>): Promise<T>
  /** Runs a script of several statements without parameters (migrations). */
  script(text: string): Promise<void>
  /** Ends every connection; statements under way are awaited. */
  close(): Promise<void>
}

/** One connection of its own, which can listen. It ends with `lost`, and is opened again by whoever needs it. */
export interface Session extends Query {
  close(): Promise<void>
}

export interface SessionEvents {
  notified(payload: string): void
  /** The connection broke; told once, and never after `close`. */
  lost(reason: string): void
}

/** @throws DatabaseError when no connection can be made */
export type OpenSession = (events: SessionEvents) => Promise<Session>

/** A failed statement. `lost`: the connection broke or timed out, so whether the statement took effect is unknown. */
export class DatabaseError extends Error {
  /** SQLSTATE, where the server gave one. */
  readonly code: string | undefined
  readonly lost: boolean
  constructor(message: string, options: { code?: string | undefined; lost: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'DatabaseError'
    this.code = options.code
    this.lost = options.lost
  }
}

/**
 * A time in SQL as whole microseconds since 1970, which a number holds exactly, so that it tells two rows apart; … Both
 * of immutable functions alone: a distributed PostgreSQL takes no others on columns of rows that it writes.
 */
export const MICROS = (time: string): string => `(extract(epoch FROM ${time} - timestamptz 'epoch') * 1000000)::bigint`
/** … and back. */
export const TIME = (micros: string): string =>
  `((timestamp 'epoch' + ${micros} * interval '1 microsecond') AT TIME ZONE 'UTC')`
