/** One contract for both implementations of the database port. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { migrate } from '../../server/database/migrate.ts'
import { DatabaseError } from '../../server/database/port.ts'
import { openDatabase } from '../support/open-database.ts'
import { everyPostgres, everyStore } from '../support/stores.ts'
import { until } from '../support/until.ts'

const MIGRATIONS = readdirSync(new URL('../../server/database/migrations', import.meta.url)).sort()

describe.each(everyStore)('the database port over $name', ({ openBare: open }) => {
  it('carries every kind of value there and back', async () => {
    const database = await openDatabase((await open()).env)
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256)
    const [row] = await database.query(
      `SELECT $1::text AS text, $2::bigint AS big, $3::bytea AS bytes, $4::timestamptz AS at, $5::text AS missing,
              array_length($6::text[], 1) AS many, ($7::bigint[])[2] AS second, ($8::text[])[1] AS none`,
      ['a "quoted", {text}', 2 ** 40, bytes, '2026-01-02T03:04:05Z', null, ['a', 'b', 'c,d"{'], [1, 2 ** 41], [null]],
    )
    expect(row).toMatchObject({
      text: 'a "quoted", {text}',
      big: 2 ** 40,
      missing: null,
      many: 3,
      second: 2 ** 41,
      none: null,
    })
    expect(row?.at).toEqual(new Date('2026-01-02T03:04:05Z'))
    expect(new Uint8Array(row?.bytes as Uint8Array)).toEqual(bytes)
  })

  it('names the fault of a failed statement, and goes on', async () => {
    const database = await openDatabase((await open()).env)
    const failure = await database.query('SELECT 1 / 0').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(DatabaseError)
    expect(failure).toMatchObject({ code: '22012', lost: false })
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('commits a transaction whole or not at all, and keeps others out of it', async () => {
    const database = await openDatabase((await open()).env)
    await database.script('CREATE TABLE kept (n integer)')
    const undone = database.transaction(async (tx) => {
      await tx.query('INSERT INTO kept VALUES (1)')
      throw new Error('changed my mind')
    })
    await expect(undone).rejects.toThrow('changed my mind')
    await Promise.all([
      database.transaction(async (tx) => {
        await tx.query('INSERT INTO kept VALUES (2)')
        await tx.query('INSERT INTO kept VALUES (3)')
      }),
      database.query('INSERT INTO kept VALUES (4)'),
    ])
    expect(await database.query('SELECT n FROM kept ORDER BY n')).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }])
  })

  it('migrates once, and finds nothing to do the second time', async () => {
    const database = await openDatabase((await open()).env)
    expect(await migrate(database)).toEqual(MIGRATIONS)
    expect(await migrate(database)).toEqual([])
  })

  it('refuses code that is older than the database allows', async () => {
    const database = await openDatabase((await open()).env)
    await migrate(database)
    await database.query(`INSERT INTO scriptorium.migration (number, name, oldest_code) VALUES (999, 'later', 999)`)
    await expect(migrate(database)).rejects.toThrow(/allows code 999 and newer/)
  })
})

describe.each(everyPostgres)('PostgreSQL, $name', ({ openBare: open }) => {
  it('lets four migrate a fresh database at once', async () => {
    const { env } = await open()
    const databases = await Promise.all([1, 2, 3, 4].map(() => openDatabase(env)))
    const applied = await Promise.all(databases.map(migrate))
    expect(applied.flat()).toEqual(MIGRATIONS)
  })

  it('says that the outcome is unknown when the connection breaks, and connects again', async () => {
    const database = await openDatabase((await open()).env)
    const killed = await database
      .query('SELECT pg_terminate_backend(pg_backend_pid())')
      .catch((error: unknown) => error)
    expect(killed).toMatchObject({ lost: true })
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('that ends right behind its greeting costs a query, not the process', async () => {
    const store = await open()
    const line = await startLateLine(new URL(store.env.DATABASE_URL ?? ''))
    const database = await openDatabase({ DATABASE_URL: line.url })
    await database.transaction(async () => {
      // The first connection is taken: a query needs another.
      line.holdGreetings()
      const asked = database.query('SELECT 1').catch((error: unknown) => error)
      await until('the new connection to be greeted', async () => {
        const ended = await store.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'scriptorium' AND state = 'idle'`,
        )
        return ended.length > 0
      })
      expect(await asked).toMatchObject({ lost: true })
      line.letGo()
    })
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

/** The last message of a greeting: whoever connects may ask now. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
const SHUTTING_DOWN = '57P01'

/** A line to a PostgreSQL on which the end of a greeting may come in one piece with the error behind it. */
const startLateLine = async (to: URL) => {
  let isHolding = false
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname)
    let held: Buffer[] = []
    far.on('data', (bytes) => {
      if (held.length === 0 && !(isHolding && bytes.includes(READY))) return void near.write(bytes)
      held.push(bytes)
      if (!bytes.includes(SHUTTING_DOWN)) return
      near.write(Buffer.concat(held))
      held = []
    })
    near.on('data', (bytes) => far.write(bytes))
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.end())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = new URL(to)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    holdGreetings: () => {
      isHolding = true
    },
    letGo: () => {
      isHolding = false
    },
  }
}
