/** `scriptorium compact --pictures`: what it takes and refuses on its command line, and that what is brought while it looks stays. */
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import type { CompactReport } from '../../shared/operators.ts'
import { type Ask, askAt, updateOf } from '../support/archive-api.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { hashOf, pngOf } from '../support/pictures.ts'
import { startService } from '../support/service.ts'
import { anyPostgres, pgliteStore, type Store } from '../support/stores.ts'
import { until } from '../support/until.ts'

const TEST_MS = 120_000
const USELESS = ['compact', '--pictures', '--json']

const cleared = (out: string): CompactReport['pictures'] => (JSON.parse(out) as CompactReport).pictures

const put = (ask: Ask, picture: Uint8Array, story = 's1') =>
  ask(`PUT /stories/${story}/assets/${hashOf(picture)}`, { body: picture })

/** Lets pictures be as old as if they had come so many days ago. */
const age = (store: Store, days: number, ...pictures: readonly Uint8Array[]) =>
  store.query(
    "UPDATE scriptorium.asset SET at = clock_timestamp() - $1::float8 * interval '1 day' WHERE sha256 = ANY($2)",
    [days, pictures.map(hashOf)],
  )

/** Hashes of the pictures that are kept; the story weighs as much as they do. */
const kept = async (store: Store): Promise<string[]> => {
  const pictures = await store.query<{ sha256: string; isTrue: boolean }>(`
    SELECT sha256, sum(bytes) OVER () = (SELECT bytes FROM scriptorium.story_assets WHERE story = 's1') AS "isTrue"
    FROM scriptorium.asset WHERE story = 's1' ORDER BY sha256`)
  expect(pictures.every(({ isTrue }) => isTrue)).toBe(true)
  return pictures.map(({ sha256 }) => sha256)
}

/** The lock at which a change of a picture stops, once `stopAt` has asked for that. */
const GATE = 8_000_001

/** Has each picture that is removed, or made young again, wait for the gate, its row locked and nothing committed. */
const stopAt = (store: Store, change: 'DELETE' | 'UPDATE') =>
  store.query(`
    CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(${GATE}); RETURN NULL; END $$;
    CREATE TRIGGER gate AFTER ${change} ON scriptorium.asset FOR EACH ROW EXECUTE FUNCTION gate()`)

/** Closes the gate. @returns what opens it */
const closeGate = async (store: Store): Promise<() => Promise<void>> => {
  const client = new pg.Client({ connectionString: store.env.DATABASE_URL })
  await client.connect()
  await client.query('SELECT pg_advisory_lock($1)', [GATE])
  return () => client.end()
}

/** Waits until so many statements wait for a lock. */
const waiting = (store: Store, count: number) =>
  until(`${count} to wait`, async () => {
    const [found] = await store.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return found?.count === count
  })

const old = async () => {
  const store = await anyPostgres().open()
  const service = await startService(store.env)
  const picture = pngOf(1)
  const ask = askAt(service.address)
  expect((await put(ask, picture)).status).toBe(201)
  await age(store, 91, picture)
  return { store, service, ask, picture }
}

describe('scriptorium compact --pictures', { timeout: TEST_MS }, () => {
  it('removes what is older than the days it is given, 90 unless it is told, and of the story it is given', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const ask = askAt(service.address)
    const [named, older, younger] = [pngOf(1), pngOf(2), pngOf(3)]
    for (const picture of [named, older, younger]) await put(ask, picture)
    await put(ask, older, 's2')
    const page = updateOf((doc) => doc.getMap('story').set('cover', hashOf(named)))
    expect((await ask('POST /stories/s1/pages/_story/updates', { body: page })).status).toBe(200)
    await age(store, 91, named, older)
    await age(store, 89, younger)
    const all = [named, older, younger].map(hashOf).sort()
    const compact = async (...args: string[]) => {
      const said = await runCommand(['compact', '--json', ...args], store.env)
      expect(said.code, said.err).toBe(0)
      return cleared(said.out)
    }

    expect(await compact()).toBeNull()
    expect(await compact('--pictures', '--dry-run')).toEqual({ pictures: 2, bytes: 2 * older.length })
    expect(await kept(store)).toEqual(all)
    expect(await compact('--pictures', '--story', 's1')).toEqual({ pictures: 1, bytes: older.length })
    expect(await kept(store)).toEqual(all.filter((hash) => hash !== hashOf(older)))
    expect(await compact('--pictures', '--pictures-days', '90.5')).toEqual({ pictures: 1, bytes: older.length })
    expect(await compact('--pictures', '--pictures-days', '88')).toEqual({ pictures: 1, bytes: younger.length })
    expect(await kept(store)).toEqual([hashOf(named)])
    const words = await runCommand(['compact', '--pictures', '--pictures-days', '0'], store.env)
    expect(words.out).toContain('0 pictures removed')
    await service.stop()
  })

  it('refuses days without --pictures, days that are none, and pictures of one page', async () => {
    const { env } = await anyPostgres().open()
    const refused = [
      [['--pictures-days', '3'], '--pictures-days needs --pictures'],
      [['--pictures', '--pictures-days', '-1'], '--pictures-days'],
      [['--pictures', '--pictures-days', 'old'], '--pictures-days'],
      [['--pictures', '--story', 's1', '--page', 'p1'], 'leave out --page'],
    ] as const
    for (const [args, words] of refused) {
      const { code, err } = await runCommand(['compact', ...args], env)
      expect(err).toContain(words)
      expect(code).toBe(2)
    }
  })

  it('has the service do it that holds an embedded database', async () => {
    const store = await pgliteStore.open()
    const service = await startService(store.env)
    const ask = askAt(service.address)
    const [named, unused] = [pngOf(1), pngOf(2)]
    for (const picture of [named, unused]) await put(ask, picture)
    const page = updateOf((doc) => doc.getText('title').insert(0, hashOf(named)))
    expect((await ask('POST /stories/s1/pages/p1/updates', { body: page })).status).toBe(200)
    expect(cleared((await runCommand(USELESS, store.env)).out)).toEqual({ pictures: 0, bytes: 0 })
    const said = await runCommand([...USELESS, '--pictures-days', '0'], store.env)
    expect(cleared(said.out), said.err).toEqual({ pictures: 1, bytes: unused.length })
    expect((await ask(`GET /stories/s1/assets/${hashOf(named)}`)).status).toBe(200)
    expect((await ask(`GET /stories/s1/assets/${hashOf(unused)}`)).status).toBe(404)
    await service.stop()
  })

  it('leaves an old picture that is brought again before it is removed', async () => {
    const { store, service, ask, picture } = await old()
    await stopAt(store, 'UPDATE')
    const open = await closeGate(store)
    const bringing = put(ask, picture)
    await waiting(store, 1)
    const compacting = startCommand(USELESS, store.env)
    await waiting(store, 2)
    await open()
    expect((await bringing).status).toBe(200)
    expect(cleared((await compacting.ended).out)).toEqual({ pictures: 0, bytes: 0 })
    expect(await kept(store)).toEqual([hashOf(picture)])
    await service.stop()
  })

  it('keeps an old picture afresh that is brought again while it is removed', async () => {
    const { store, service, ask, picture } = await old()
    await stopAt(store, 'DELETE')
    const open = await closeGate(store)
    const compacting = startCommand(USELESS, store.env)
    await waiting(store, 1)
    const bringing = put(ask, picture)
    await waiting(store, 2)
    await open()
    expect(cleared((await compacting.ended).out)).toEqual({ pictures: 1, bytes: picture.length })
    expect((await bringing).status).toBe(201)
    expect(await kept(store)).toEqual([hashOf(picture)])
    await service.stop()
  })

  it('loses none of many that are brought for the first time or again, whenever it looks', async () => {
    const { store, service, ask } = await old()
    const again = Array.from({ length: 40 }, (_, at) => pngOf(at + 2))
    const fresh = Array.from({ length: 40 }, (_, at) => pngOf(at + 42))
    for (const picture of again) await put(ask, picture)
    await age(store, 91, ...again)
    const compacting = startCommand(USELESS, store.env)
    await until('the first to be removed', async () => (await kept(store)).length < again.length + 1)
    const brought = await Promise.all([...again, ...fresh].map((picture) => put(ask, picture)))
    expect(new Set(brought.map(({ status }) => status)).size).toBeLessThanOrEqual(2)
    expect((await compacting.ended).code).toBe(0)
    const there = await kept(store)
    for (const picture of [...again, ...fresh]) expect(there).toContain(hashOf(picture))
    await service.stop()
  })
})
