/** What can be shown on one server of a PostgreSQL that is distributed by room_id: tables in parts by its hash. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import type { Database } from '../../server/database/port.ts'
import { openLog } from '../../server/log/log.ts'
import type { Log } from '../../server/log/port.ts'
import { clock, counting, history, openDatabase, openThreads, quiet, random } from '../support/open-database.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { type Asked, distribute, partsOf, watched } from './distribute.ts'
import { part, Writer } from './writer.ts'

const { isDistributed } = anyPostgres()
const TABLES = ['room', 'update', 'snapshot', 'writer', 'quarantine']

const openDistributed = async (batchRooms: number): Promise<{ log: Log; database: Database; asked: Asked[] }> => {
  const database = await openDatabase((await anyPostgres().open()).env)
  await migrate(database)
  await distribute(database, TABLES)
  const asked: Asked[] = []
  const parts = { clock, random, logger: quiet, counters: counting(), history, threads: openThreads() }
  const log = openLog({ ...parts, database: watched(database, asked), batchRooms, loadsAtOnce: 2 })
  onTestFinished(() => log.close())
  return { log, database, asked }
}

const isOfManyPages = ({ text }: Asked): boolean => text.includes('ANY($1::text[])')
const isOfUpkeep = ({ text }: Asked): boolean => text.includes('tend_at') && !text.includes('snapshot_seq = $2')

describe.skipIf(isDistributed)('the hot path with BATCH_ROOMS=1', () => {
  it('writes and loads each page by statements that touch one part of each table', async () => {
    const { log, database, asked } = await openDistributed(1)
    const writers = Array.from({ length: 20 }, (_, n) => new Writer(log, `story/page-${n}`))
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'once upon a time')
    const update = { author: null, via: null, data: Y.encodeStateAsUpdate(doc) }
    for (const writer of writers) writer.write(update)
    await log.drain()
    for (const writer of writers) await writer.written(part('second', 'ana'), part('third', 'ben')).catch(() => null)
    for (const writer of writers) expect(writer.outcomes.at(-1)).toEqual({ kind: 'committed', seq: 2 })
    expect((await log.load('story/page-3')).tail.map(({ parts }) => parts.length)).toEqual([1, 2])
    expect((await log.read('story/page-3', 2)).length).toBe(1)
    const known = writers.map(({ roomId }) => ({ roomId, seq: 2, at: 0, epoch: 0 }))
    expect(await log.changed([...known, { roomId: 'story/none', seq: 1, at: 0, epoch: 0 }])).toEqual(
      new Map([['story/none', null]]),
    )
    expect(asked.length).toBeGreaterThan(60)
    for (const one of asked.filter((statement) => !isOfManyPages(statement) && !isOfUpkeep(statement))) {
      expect((await partsOf(database, one)).size, one.text).toBeLessThanOrEqual(1)
    }
  })

  it('is told apart from the hot path that is tuned for one server', async () => {
    const { log, database, asked } = await openDistributed(1000)
    const writers = Array.from({ length: 20 }, (_, n) => new Writer(log, `story/page-${n}`))
    for (const writer of writers) writer.write(part('first'))
    await log.drain()
    const appends = asked.filter(({ text }) => text.includes('INSERT INTO scriptorium.update'))
    expect((await partsOf(database, appends[0] as Asked)).size).toBeGreaterThan(1)
  })
})

describe.skipIf(isDistributed)('a serialisation failure', () => {
  it.each([1, 1000])('is answered by the same statement again, with BATCH_ROOMS=%d', async (batchRooms) => {
    const database = await openDatabase((await anyPostgres().open()).env)
    await migrate(database)
    await database.script(`
      CREATE SEQUENCE scriptorium.failed;
      CREATE FUNCTION scriptorium.fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('scriptorium.failed') <= 3 THEN RAISE EXCEPTION 'try again' USING ERRCODE = '40001'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE INSERT ON scriptorium.update FOR EACH ROW EXECUTE FUNCTION scriptorium.fail()`)
    const counters = counting()
    const parts = { clock, random, logger: quiet, counters, history, threads: openThreads() }
    const log = openLog({ ...parts, database, batchRooms, loadsAtOnce: 2 })
    onTestFinished(() => log.close())
    const writer = new Writer(log, 'story/page')
    expect(await writer.written(part('words'))).toEqual({ kind: 'committed', seq: 1 })
    expect(counters.counts.get('append_retries')).toBe(3)
    await until('one row to be there', async () => (await log.load('story/page')).tail.length === 1)
  })
})
