/** `scriptorium compact`: beside a live service, beside itself, ended half-way, and what it predicts. */

import { describe, expect, it } from 'vitest'
import type { CompactReport } from '../../shared/operators.ts'
import { call } from '../support/api.ts'
import { connectClient } from '../support/client.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { leaveOut } from '../support/left-out.ts'
import { seededRandom } from '../support/random.ts'
import { startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres, pgliteStore, type Store } from '../support/stores.ts'
import { editsIn, missingFrom, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'
import { bytesIn, contentHash, plantPages, typedRows } from './pages.ts'

const PAGES = Number(process.env.SCRIPTORIUM_PAGES ?? (isFull ? 300 : 12))
const MORE = isFull ? '' : ' (300: npm run test:full)'
if (PAGES < 2000) leaveOut(`compaction of ${PAGES} pages instead of 2,000: npm run prove -- compact${MORE}`)
const TEST_MS = Math.max(300_000, 1500 * PAGES)
/** A page with a past that is typed in meanwhile, so of no size that could be predicted. */
const TYPED = 'live/typed'

const report = (out: string): CompactReport => JSON.parse(out) as CompactReport

const planted = async (count: number): Promise<{ store: Store; rooms: string[] }> => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  expect((await runCommand(['migrate'], store.env)).code).toBe(0)
  const pages = new Map(
    Array.from({ length: count }, (_, n) => [`planted/${n}`, typedRows(random, 200 + random.below(1200))] as const),
  )
  await plantPages(store, pages, 40)
  await plantPages(store, new Map([[TYPED, typedRows(random, 800)]]), 40)
  return { store, rooms: [...pages.keys()] }
}

/** How long edits take from one client to another, until it is stopped. */
const relayTimes = async (collab: string): Promise<{ stop: () => Promise<number[]> }> => {
  const [writer, reader] = [await connectClient(collab, 'live/times'), await connectClient(collab, 'live/times')]
  const times: number[] = []
  let isOver = false
  const measuring = (async () => {
    for (let n = 0; !isOver; n++) {
      const sent = performance.now()
      const heard = new Promise<void>((resolve) => reader.doc.once('update', () => resolve()))
      writer.edit(`${n}`, (doc) => doc.getText('text').insert(0, 'x'))
      await heard
      times.push(performance.now() - sent)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return {
    stop: async () => {
      isOver = true
      await measuring
      return times.sort((one, other) => one - other)
    },
  }
}

describe('scriptorium compact', () => {
  it(`compacts ${PAGES} pages beside typing clients, saves what it predicted, and finds nothing to do again`, {
    timeout: TEST_MS,
  }, async () => {
    const { store, rooms } = await planted(PAGES)
    const service = await startService(store.env)
    const typists = new Typists(service.collab, ['live/1', 'live/1', 'live/2', TYPED])
    typists.connect(service.collab)
    typists.start(seededRandom())
    const choice = ['compact', '--story', 'planted', '--json']
    const before = await bytesIn(store)
    const planned = report((await runCommand([...choice, '--dry-run'], store.env)).out)
    expect(planned).toMatchObject({ dryRun: true, pages: PAGES, compacted: PAGES, quarantined: [], failed: [] })
    expect(await bytesIn(store)).toBeGreaterThanOrEqual(before)
    const hashes = await Promise.all(rooms.slice(0, 10).map((room) => contentHash(store, room)))
    const probe = await relayTimes(service.collab)
    const first = await runCommand([...choice, '--verify'], store.env)
    const beside = await runCommand(['compact', '--story', 'live', '--verify', '--json'], store.env)
    expect(beside.code, beside.err).toBe(0)
    expect(report(beside.out)).toMatchObject({ quarantined: [], failed: [] })
    const times = await probe.stop()
    const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(1)
    process.stdout.write(`relay beside the compaction of ${PAGES} pages: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`)
    expect(first.code, first.err).toBe(0)
    const done = report(first.out)
    const saved = (of: CompactReport) => of.before.bytes - of.after.bytes
    expect(done.compacted).toBe(PAGES)
    expect(Math.abs(saved(done) - saved(planned)) / saved(planned)).toBeLessThan(0.1)
    expect(await Promise.all(rooms.slice(0, 10).map((room) => contentHash(store, room)))).toEqual(hashes)
    await typists.stop()
    await until('everything to be settled', () => typists.clients.every((client) => client.isSettled))
    for (const room of ['live/1', TYPED]) {
      expect(missingFrom(editsIn(await readAfresh(service.collab, room)), typists.acknowledged(room))).toEqual([])
    }
    typists.disconnect()
    await service.stop()
    expect(report((await runCommand(choice, store.env)).out)).toMatchObject({ compacted: 0, pages: PAGES })
    expect((await runCommand(['doctor'], store.env)).code).toBe(0)
  })

  it('works beside a second one of itself, and goes on after a kill', { timeout: TEST_MS }, async () => {
    const { store, rooms } = await planted(24)
    const hashes = await Promise.all(rooms.map((room) => contentHash(store, room)))
    const choice = ['compact', '--json', '--concurrency', '2']
    const killed = startCommand(choice, store.env)
    await until('some pages to be done', async () => {
      const [found] = await store.query<{ done: number }>(
        'SELECT count(*)::int AS done FROM scriptorium.room WHERE snapshot_seq > 0',
      )
      return (found?.done ?? 0) > 4
    })
    killed.kill('SIGKILL')
    await killed.ended
    const both = await Promise.all([runCommand(choice, store.env), runCommand(choice, store.env)])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(report((await runCommand(choice, store.env)).out).compacted).toBe(0)
    expect(await Promise.all(rooms.map((room) => contentHash(store, room)))).toEqual(hashes)
    const examined = await runCommand(['doctor', '--json'], store.env)
    expect(JSON.parse(examined.out)).toMatchObject({ pages: 25, faults: 0, found: [] })
  })

  it('has the service do it that holds an embedded database, and says so', { timeout: TEST_MS }, async () => {
    const store = await pgliteStore.open()
    const service = await startService(store.env)
    const client = await connectClient(service.collab, 'story/page')
    for (let n = 0; n < 30; n++) {
      client.edit(`${n}`, (doc) => doc.getText('text').insert(0, `word ${n} `))
      await until('it to be saved', () => client.acknowledged.has(`${n}`))
    }
    const said = await runCommand(['compact', '--keep-originals', '0'], store.env)
    expect(said.err).toContain(`process ${service.pid}`)
    expect(said.out).toMatch(/1 of 1 page compacted/)
    expect(said.code).toBe(0)
    const examined = await runCommand(['doctor', '--json'], store.env)
    expect(JSON.parse(examined.out)).toMatchObject({ pages: 1, faults: 0 })
    const audit = await call(service.address, 'GET', '/admin/audit')
    expect(audit.body.acts).toMatchObject([
      { act: 'POST /api/v1/admin/doctor', author: null, detail: { by: 'a command on this machine', repair: false } },
      { act: 'POST /api/v1/admin/compact', author: null, detail: { by: 'a command on this machine' } },
    ])
    expect((await readAfresh(service.collab, 'story/page')).getText('text').toString()).toContain('word 29 word 28')
    await service.stop()
    expect(await store.query('SELECT seq::int AS seq FROM scriptorium.update')).toHaveLength(1)
  })

  it('refuses who has neither the key nor the right', async () => {
    const store = await pgliteStore.open()
    const service = await startService(store.env)
    const answer = await fetch(`${service.address}/api/v1/admin/compact`, {
      method: 'POST',
      headers: { origin: 'https://elsewhere.example', authorization: 'Bearer wrong' },
      body: '{}',
    })
    expect(answer.status).toBe(403)
  })

  it('names what is wrong with a command line', async () => {
    const store = await pgliteStore.open()
    for (const args of [['--page', 'x'], ['--min-rows', 'many'], ['--what'], ['--concurrency', '0']]) {
      const said = await runCommand(['compact', ...args], store.env)
      expect([said.code, said.out]).toEqual([2, ''])
      expect(said.err).toContain(args[0])
    }
    expect((await runCommand(['compact', '--help'], store.env)).code).toBe(0)
  })

  it('ends with 1 when rows had to be set aside, and says which', async () => {
    const { store, rooms } = await planted(2)
    await store.query(
      `UPDATE scriptorium.update SET data = '\\x090909' WHERE room_id = $1 AND seq = (SELECT max(seq) FROM scriptorium.update WHERE room_id = $1)`,
      [rooms[0]],
    )
    const said = await runCommand(['compact', '--json'], store.env)
    expect(said.code).toBe(1)
    expect(report(said.out)).toMatchObject({ compacted: 3, quarantined: [{ page: rooms[0], rows: 1 }] })
    expect((await runCommand(['compact', '--json'], store.env)).code).toBe(0)
  })
})
