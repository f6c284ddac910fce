/** The database port over PostgreSQL, through pg. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { Logger } from '../ports.ts'
import { type Database, DatabaseError, type Query, type Value } from './port.ts'
import { WholeMessagesClient } from './whole-messages.ts'

export interface PostgresOptions {
  readonly url: string
  /** Connections at most. */
  readonly pool: number
  /** PEM text, or the path of a PEM file, of the database's own CA. */
  readonly ca: string | null
  readonly logger: Logger
}

/** A statement without an answer for so long is given up: its connection is cut, its outcome unknown. */
const STATEMENT_MS = 30_000
export const CONNECT_MS = 5000

const { INT8 } = pg.types.builtins
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary'
      ? Number
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** @throws DatabaseError when no connection can be made */
export const openPostgres = async (options: PostgresOptions): Promise<Database> => {
  const pool = new pg.Pool({
    Client: WholeMessagesClient,
    connectionString: options.url,
    max: options.pool,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    keepAlive: true,
    application_name: 'scriptorium',
    types,
    ...tlsOf(options.ca),
  })
  pool.on('error', (error) => options.logger.debug({ error: error.message }, 'an idle database connection was lost'))
  const database = new Postgres(pool)
  try {
    await database.query('SELECT 1')
  } catch (error) {
    await pool.end()
    throw error
  }
  return database
}

/** A pooler that hands each transaction another connection does not know a statement prepared before, or knows it twice. */
const FORGOTTEN = new Set(['26000', '42P05'])

class Postgres implements Database {
  readonly kind = 'postgres'
  readonly #pool: pg.Pool
  readonly #statements = new Statements()

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async query<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    const once = () => this.#withClient((client) => run<Row>(client, text, values, this.#statements.nameOf(text)))
    try {
      return await once()
    } catch (error) {
      if (!(error instanceof DatabaseError) || !FORGOTTEN.has(error.code ?? '')) throw error
      this.#statements.prepared = false
      return once()
    }
  }

  transaction<T>(work: (tx: Query) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      await run(client, 'BEGIN')
      try {
        const result = await work({ query: (text, values) => run(client, text, values) })
        await run(client, 'COMMIT')
        return result
      } catch (error) {
        if (!(error instanceof DatabaseError && error.lost)) await run(client, 'ROLLBACK')
        throw error
      }
    })
  }

  script(text: string): Promise<void> {
    return this.#withClient(async (client) => {
      await run(client, text)
    })
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  /** A connection whose statement was given up is cut: its answer may still come. */
  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let broken = false
    const onError = () => {
      broken = true
    }
    let client: pg.PoolClient
    try {
      client = await take(this.#pool, onError)
    } catch (error) {
      throw toDatabaseError(error, true)
    }
    try {
      return await work(client)
    } catch (error) {
      broken ||= error instanceof DatabaseError && error.lost
      throw error
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }
}

/**
 * Takes a connection. The pool listens to it no more from then on, and a promise is told a moment later: an error that
 * comes right behind the greeting of a database that shuts down would be nobody's, and end the process.
 */
const take = (pool: pg.Pool, onError: () => void): Promise<pg.PoolClient> =>
  new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) return reject(error)
      client.on('error', onError)
      resolve(client)
    })
  })

/** Names for statements, by which a connection keeps their plans: to plan an append takes longer than to run it. */
class Statements {
  /** Unset once a pooler was met that does not keep them. */
  prepared = true
  readonly #names = new Map<string, string>()

  /** The name of a statement, or undefined where it goes without one. The texts are those of the code: few. */
  nameOf(text: string): string | undefined {
    if (!this.prepared) return undefined
    const known = this.#names.get(text)
    if (known !== undefined) return known
    const name = `scriptorium_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
    this.#names.set(text, name)
    return name
  }
}

export const run = async <Row>(
  client: pg.ClientBase,
  text: string,
  values: readonly Value[] = [],
  name?: string,
): Promise<Row[]> => {
  try {
    const result = await client.query({
      text,
      values: values.map(toParameter),
      ...(name === undefined ? {} : { name }),
    })
    return (result.rows ?? []) as Row[]
  } catch (error) {
    throw toDatabaseError(error, false)
  }
}

/** pg sends a Buffer as it is, in binary; any other Uint8Array as JSON. Of an array it would quote and escape each value. */
const toParameter = (value: Value): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (!Array.isArray(value) || value.length === 0) return value
  if (typeof value[0] === 'number') return `{${value.join(',')}}`
  return value.every(isPlain) ? `{"${value.join('","')}"}` : value
}

/** Whether a text stands between quotes as it is. */
const isPlain = (value: unknown): boolean => typeof value === 'string' && !ESCAPED.test(value)
const ESCAPED = /["\\]/

/** 08: connection; 57P01 to 57P03: shutting down, crashed, starting. Without a SQLSTATE the connection itself failed. */
export const toDatabaseError = (error: unknown, connecting: boolean): DatabaseError => {
  const { message, code } = error as { message?: string; code?: unknown }
  const sqlstate = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
  const lost = sqlstate === undefined || sqlstate.startsWith('08') || /^57P0[1-3]$/.test(sqlstate)
  const words = message || (typeof code === 'string' ? code : 'the connection failed')
  return new DatabaseError(connecting ? `cannot connect: ${words}` : words, { code: sqlstate, lost, cause: error })
}

/** How the CA of a database is handed to pg; null: none of its own. */
export const tlsOf = (ca: string | null): { readonly ssl?: { readonly ca: string } } =>
  ca === null ? {} : { ssl: { ca: pem(ca) } }

const pem = (ca: string): string => (ca.includes('-----BEGIN') ? ca : readFileSync(ca, 'utf8'))
