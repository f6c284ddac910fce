/** What a real Citus does with the statements of the hot path; the suites of the log, history and HTTP run on it too. */
import { expect, it, onTestFinished } from 'vitest'
import { openLog } from '../../server/log/log.ts'
import { leaveOut } from '../support/left-out.ts'
import { clock, counting, history, openDatabase, openThreads, quiet, random } from '../support/open-database.ts'
import { everyPostgres } from '../support/stores.ts'
import { type Asked, watched } from './distribute.ts'
import { part, Writer } from './writer.ts'

const citus = everyPostgres.find(({ isDistributed }) => isDistributed)
if (citus === undefined) leaveOut('storage: a PostgreSQL that Citus distributes: TEST_DATABASE_URL names none')

const PAGES = 40

it.runIf(citus !== undefined)(
  'Citus sends each statement of the hot path to one shard, and the pages lie on all its workers',
  async () => {
    const store = await citus?.open()
    const database = await openDatabase(store?.env ?? {})
    const asked: Asked[] = []
    const parts = { clock, random, logger: quiet, counters: counting(), history, threads: openThreads() }
    const log = openLog({ ...parts, database: watched(database, asked), batchRooms: 1, loadsAtOnce: 2 })
    onTestFinished(() => log.close())
    const writers = Array.from({ length: PAGES }, (_, n) => new Writer(log, `story/page-${n}`))
    for (const writer of writers) writer.write(part('first'))
    await log.drain()
    for (const writer of writers) writer.write(part('second', 'ana'), part('third', 'ben'))
    await log.drain()
    for (const { roomId, outcomes } of writers) {
      expect(outcomes.at(-1)).toEqual({ kind: 'committed', seq: 2 })
      expect((await log.load(roomId)).tail).toHaveLength(2)
      expect(await log.read(roomId, 2)).toHaveLength(1)
      await log.writer(roomId, 7)
    }

    expect(asked.length).toBeGreaterThanOrEqual(6 * PAGES)
    const texts = new Set<string>()
    for (const one of asked) {
      if (texts.has(one.text)) continue
      texts.add(one.text)
      const plan = await database.query(`EXPLAIN (FORMAT JSON) ${one.text}`, one.values)
      const tasks = [...JSON.stringify(plan).matchAll(/"Task Count\\?":\s*(\d+)/g)].map(([, count]) => Number(count))
      expect(tasks.length, one.text).toBeGreaterThan(0)
      expect(Math.max(...tasks), one.text).toBe(1)
    }

    const held = await database.query<{ place: string }>(
      `SELECT DISTINCT nodename || ':' || nodeport AS place
       FROM run_command_on_shards('scriptorium.update', 'SELECT count(*) FROM %s') AS told
       JOIN pg_dist_shard_placement USING (shardid) WHERE told.result::int > 0`,
    )
    const workers = await database.query('SELECT FROM citus_get_active_worker_nodes()')
    expect(held).toHaveLength(Math.max(1, workers.length))
  },
)
