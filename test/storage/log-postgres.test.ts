/** The log where others use the database too, or it goes away: on every PostgreSQL. */
import { describe, expect, it } from 'vitest'
import { migrate } from '../../server/database/migrate.ts'
import type { Log } from '../../server/log/port.ts'
import { openDatabase } from '../support/open-database.ts'
import { startProxy } from '../support/proxy.ts'
import { everyPostgres, type StoreKind } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { logOver, open, texts } from './log-over.ts'
import { part, Writer } from './writer.ts'

/** A log whose connections can be cut, and the same database past the cut. */
const logThroughProxy = async (store: StoreKind) => {
  const { env } = await store.open()
  const direct = await openDatabase(env)
  await migrate(direct)
  const url = new URL(env.DATABASE_URL ?? '')
  const proxy = await startProxy(url.hostname, Number(url.port))
  url.port = String(proxy.port)
  return { direct, proxy, log: logOver(await openDatabase({ DATABASE_URL: url.href })) }
}

describe.each(everyPostgres)('the log on PostgreSQL, $name', (store) => {
  it('gives two processes one sequence without a gap, whatever order they write in', async () => {
    const { env } = await store.open()
    const databases = [await openDatabase(env), await openDatabase(env)]
    for (const database of databases) await migrate(database)
    const names = Array.from({ length: 40 }, (_, i) => `s/${i}`)
    const orders = [names, [...names].reverse()]
    const logs = databases.map((database) => logOver(database))
    const writers = logs.map((log, i) => (orders[i] as string[]).map((name) => new Writer(log, name)))
    for (let round = 0; round < 25; round++) {
      for (const side of writers) for (const writer of side) writer.write(part(`${round}`))
      await Promise.all(logs.map((log) => log.drain()))
    }
    for (const name of names) {
      const loaded = await (logs[0] as Log).load(name)
      expect(loaded.tail.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    }
    for (const writer of writers.flat()) expect(writer.outcomes.every(({ kind }) => kind === 'committed')).toBe(true)
  })

  it('neither loses nor doubles a batch whose answer was lost', async () => {
    const { direct, proxy, log } = await logThroughProxy(store)
    const writers = Array.from({ length: 20 }, (_, i) => new Writer(log, `s/${i}`))
    for (let round = 1; round <= 10; round++) {
      // The statement arrives, waits for the lock, and commits after its connection is gone.
      const held = direct.transaction(async (tx) => {
        await tx.query(`LOCK TABLE scriptorium.update IN EXCLUSIVE MODE`)
        for (const writer of writers) writer.write(part(`${round}`))
        await until('the append to wait for the lock', async () => {
          const rows = await tx.query(
            `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'scriptorium.update'::regclass`,
          )
          return rows.length > 0
        })
        proxy.cut()
      })
      await held
      proxy.resume()
      await log.drain()
    }
    for (const writer of writers) {
      expect(writer.outcomes).toEqual(Array.from({ length: 10 }, (_, i) => ({ kind: 'committed', seq: i + 1 })))
      expect(texts(await logOver(direct).load(writer.roomId))).toEqual(
        Array.from({ length: 10 }, (_, i) => [`${i + 1}`]),
      )
    }
  })

  it('isolates a room that cannot be written from those beside it', async () => {
    const database = await open(store)
    await database.script(`ALTER TABLE scriptorium.update ADD CHECK (author <> 'mallory')`)
    const log = logOver(database)
    const writers = Array.from({ length: 9 }, (_, i) => new Writer(log, `s/${i}`))
    for (const [i, writer] of writers.entries()) writer.write(part('words', i === 4 ? 'mallory' : 'ana'))
    await log.drain()
    for (const [i, { outcomes }] of writers.entries()) {
      if (i === 4) expect(outcomes).toMatchObject([{ kind: 'failed' }])
      else expect(outcomes).toEqual([{ kind: 'committed', seq: 1 }])
    }
  })

  it('waits while the database is away, and writes when it is back', async () => {
    const { proxy, log } = await logThroughProxy(store)
    const writer = new Writer(log, 's/p')
    await writer.written(part('1'))
    proxy.cut()
    writer.write(part('2'))
    await until('the log to notice', () => !log.reachable)
    await expect(log.load('s/other')).rejects.toThrow()
    expect(writer.outcomes).toHaveLength(1)
    proxy.resume()
    await until('the batch to be written', () => writer.outcomes.length === 2)
    expect(writer.outcomes[1]).toEqual({ kind: 'committed', seq: 2 })
    expect(log.reachable).toBe(true)
  })
})
