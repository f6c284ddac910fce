/** The history of a page: coarser with age, dropped at last, readable throughout. */
import { describe, expect, it } from 'vitest'
import { coarsenHistory } from '../../server/log/coarsen.ts'
import { tendHistory } from '../../server/log/tend.ts'
import { windowsOf } from '../../server/log/windows.ts'
import { pageAsText } from '../support/equal.ts'
import { seededRandom } from '../support/random.ts'
import { mainStores } from '../support/sized-stores.ts'
import { keptRows, openPage, ROOM, stateAt } from './page.ts'
import { randomHistory, replay } from './random-history.ts'

const settings = { fullDays: 7, hourlyDays: 30, days: null }

describe('the windows of a history', () => {
  const now = Date.UTC(2026, 5, 30)
  const hour = 3_600_000
  const row = (seq: number, hoursAgo: number, more = {}) => ({
    ...{ seq, part: 0, first_seq: seq, batch: '', author: 'ana', via: null, kind: 'edit', bytes: 10 },
    at: now - hoursAgo * hour,
    ...more,
  })
  const seqs = (rows: Parameters<typeof windowsOf>[0]) =>
    windowsOf(rows, now, settings).map((window) => window.map(({ seq }) => seq))

  it('are an hour after a week, a day after a month, and none before', () => {
    const old = [row(1, 24 * 40), row(2, 24 * 40 - 3), row(3, 24 * 20), row(4, 24 * 20 - 0.5), row(5, 24 * 20 - 1.5)]
    expect(seqs([...old, row(6, 3), row(7, 2)])).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('hold seqs that follow one another, and nothing but edits', () => {
    expect(seqs([row(1, 1000), row(2, 1000), row(4, 1000), row(5, 1000)])).toEqual([
      [1, 2],
      [4, 5],
    ])
    const restored = row(3, 1000, { kind: 'restore' })
    expect(seqs([row(1, 1000), row(2, 1000), restored, row(4, 1000), row(5, 1000)])).toEqual([
      [1, 2],
      [4, 5],
    ])
  })

  it('take up windows made before', () => {
    expect(seqs([row(9, 1000, { first_seq: 3 }), row(10, 1000)])).toEqual([[9, 10]])
  })
})

describe.each(mainStores)('the history in $name', (store) => {
  it('becomes coarser with age, and every moment that is left reads as before', { timeout: 120_000 }, async () => {
    const random = seededRandom()
    const page = await openPage(settings, store)
    const rows = randomHistory(random, 120)
    await page.write(rows.filter(({ seq }) => seq <= 70))
    await page.log.fold(ROOM)
    await page.write(rows.filter(({ seq }) => seq > 70))
    await page.log.fold(ROOM)
    await page.age(20, 7)
    await page.database.query(`UPDATE scriptorium.update SET kind = 'restore' WHERE seq = 33`)
    const { joined } = await tendHistory(ROOM, page.parts)
    expect(joined.rows).toBeGreaterThan(100)
    const kept = await keptRows(page.database)
    expect(kept.length).toBeLessThan(70)
    expect(new Set(kept.filter(({ kind }) => kind === 'restore').map(({ first_seq }) => first_seq))).toEqual(
      new Set([33]),
    )
    const ends = [...new Set(kept.map(({ seq }) => seq))]
    let next = 1
    for (const end of ends) {
      expect(kept.find(({ seq }) => seq === end)?.first_seq).toBe(next)
      next = end + 1
    }
    expect(next).toBe(121)
    for (const end of ends) {
      const then = pageAsText(replay(rows, end))
      expect(pageAsText(replay(kept, end)), `seq ${end} from the rows`).toBe(then)
      expect(pageAsText(await stateAt(page.database, end)), `seq ${end} from a snapshot`).toBe(then)
    }
    const authors = (from: readonly { author: string | null; first_seq?: number; seq: number }[], end: number) =>
      new Set(from.filter((row) => (row.first_seq ?? row.seq) <= end && row.seq >= end).map(({ author }) => author))
    for (const row of rows) expect(authors(kept, row.seq)).toContain(row.author)
    expect((await tendHistory(ROOM, page.parts)).joined.rows).toBe(0)
  })

  it('is dropped after its time, up to a state from which all later moments are read', async () => {
    const random = seededRandom()
    const page = await openPage({ ...settings, days: 60 }, store)
    const rows = randomHistory(random, 60)
    await page.write(rows)
    await page.log.fold(ROOM)
    // Row 30 is 60 days old to the minute, and those before it are older.
    await page.age(60 + 30 / 24, 60)
    const { dropped } = await tendHistory(ROOM, page.parts)
    expect(dropped.rows).toBe(rows.filter(({ seq }) => seq <= 30).length)
    const kept = await keptRows(page.database)
    expect(kept[0]?.first_seq).toBe(31)
    for (const end of new Set(kept.map(({ seq }) => seq))) {
      expect(pageAsText(await stateAt(page.database, end))).toBe(pageAsText(replay(rows, end)))
    }
    expect(await tendHistory(ROOM, page.parts)).toMatchObject({ dropped: { rows: 0 }, joined: { rows: 0 } })
  })

  it('is joined once when two do it at the same time', async () => {
    const random = seededRandom()
    const page = await openPage(settings, store)
    const rows = randomHistory(random, 100)
    await page.write(rows)
    await page.log.fold(ROOM)
    await page.age(20, 1)
    const both = await Promise.all([coarsenHistory(ROOM, page.parts), coarsenHistory(ROOM, page.parts)])
    const kept = await keptRows(page.database)
    expect(both.reduce((sum, { rows: taken, into }) => sum + taken - into, 0)).toBe(rows.length - kept.length)
    for (const end of new Set(kept.map(({ seq }) => seq))) {
      expect(pageAsText(replay(kept, end))).toBe(pageAsText(replay(rows, end)))
    }
  })

  it('predicts what joining would save', async () => {
    const page = await openPage(settings, store)
    await page.write(randomHistory(seededRandom(), 100))
    await page.log.fold(ROOM)
    await page.age(20, 2)
    const before = await keptRows(page.database)
    const planned = await coarsenHistory(ROOM, page.parts, { dryRun: true })
    expect(await keptRows(page.database)).toEqual(before)
    expect(await coarsenHistory(ROOM, page.parts)).toEqual(planned)
  })
})
