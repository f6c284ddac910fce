/** `scriptorium compact`: beside a live service, and what it predicts. */
import { describe, expect, it } from 'vitest'
import type { CompactReport } from '../../shared/operators.ts'
import { connectClient } from '../support/client.ts'
import { runCommand } from '../support/command.ts'
import { leaveOut } from '../support/left-out.ts'
import { seededRandom } from '../support/random.ts'
import { startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { readAfresh } from '../support/stock.ts'
import { editsIn, missingFrom, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'
import { bytesIn, contentHash } from './pages.ts'
import { planted, report, TYPED } from './planted.ts'

const PAGES = Number(process.env.SCRIPTORIUM_PAGES ?? (isFull ? 300 : 12))
const MORE = isFull ? '' : ' (300: npm run test:full)'
if (PAGES < 2000) leaveOut(`compaction of ${PAGES} pages instead of 2,000: npm run prove -- compact${MORE}`)
const TEST_MS = Math.max(300_000, 1500 * PAGES)

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
})
