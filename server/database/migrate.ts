/** Creates and migrates the schema; two processes may do so at once. */
import { readdirSync, readFileSync } from 'node:fs'
import { type Database, DatabaseError, type Query } from './port.ts'

/** Raised by a migration that older code must not run beside; additive ones leave it. */
const OLDEST_CODE = 1
/** What this code is to a database that names the oldest code it allows. */
const THIS_CODE = 1

const folder = new URL('./migrations/', import.meta.url)

const BOOKKEEPING = `
  CREATE SCHEMA IF NOT EXISTS scriptorium;
  CREATE TABLE IF NOT EXISTS scriptorium.migration (
    number integer NOT NULL PRIMARY KEY,
    name text NOT NULL,
    oldest_code integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
  )`

/** `IF NOT EXISTS` still collides when two create at the same instant; the second then finds what the first made. */
const COLLISIONS = new Set(['23505', '42P06', '42P07', '42710', 'XX000', '40001', '40P01'])
const ATTEMPTS = 5

/** The database was migrated by code that this code must not run beside. */
export class TooOldError extends Error {}

/**
 * Brings the schema `scriptorium` up to this code.
 * @returns the names of the migrations applied now
 * @throws TooOldError, DatabaseError
 */
export const migrate = async (database: Database): Promise<string[]> => {
  for (let attempt = 1; ; attempt++) {
    try {
      if (!(await hasBookkeeping(database))) await database.script(BOOKKEEPING)
      return await database.transaction((tx) => applyMissing(tx))
    } catch (error) {
      const collided = error instanceof DatabaseError && COLLISIONS.has(error.code ?? '')
      if (!collided || attempt === ATTEMPTS) throw error
    }
  }
}

/** The name of the newest migration of this code; names sort as they are applied. */
export const newestMigration = (): string => migrations().at(-1)?.name ?? ''

/** Asked first, so that a role without the right to create may run a migrated database. */
const hasBookkeeping = async (database: Query): Promise<boolean> => {
  const rows = await database.query<{ found: boolean }>(
    `SELECT to_regclass('scriptorium.migration') IS NOT NULL AS found`,
  )
  return rows[0]?.found === true
}

const applyMissing = async (tx: Query): Promise<string[]> => {
  const wanted = migrations()
  let done = await applied(tx)
  if (wanted.every(({ number }) => done.has(number))) return []
  await tx.query('LOCK TABLE scriptorium.migration IN EXCLUSIVE MODE')
  done = await applied(tx)
  const names: string[] = []
  for (const { number, name } of wanted) {
    if (done.has(number)) continue
    for (const statement of statements(readFileSync(new URL(name, folder), 'utf8'))) await tx.query(statement)
    await tx.query('INSERT INTO scriptorium.migration (number, name, oldest_code) VALUES ($1, $2, $3)', [
      number,
      name,
      OLDEST_CODE,
    ])
    names.push(name)
  }
  return names
}

const applied = async (tx: Query): Promise<Set<number>> => {
  const rows = await tx.query<{ number: number; oldest_code: number }>(
    'SELECT number, oldest_code FROM scriptorium.migration',
  )
  const oldest = Math.max(0, ...rows.map((row) => row.oldest_code))
  if (oldest > THIS_CODE) {
    throw new TooOldError(
      `the database allows code ${oldest} and newer, this is ${THIS_CODE}: start the version that migrated it, or a newer one`,
    )
  }
  return new Set(rows.map((row) => row.number))
}

const migrations = (): { number: number; name: string }[] =>
  readdirSync(folder)
    .filter((name) => /^\d{4}_.+\.sql$/.test(name))
    .sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), name }))

/** The scripts hold plain statements only: no semicolon stands inside one. */
const statements = (script: string): string[] =>
  script
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
