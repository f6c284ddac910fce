/** A database that is put back in time while something is worked out from rows that it then has no longer. */
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Database } from '../../server/database/port.ts'
import { openArchive } from '../../server/log/archive/archive.ts'
import { coarsenHistory } from '../../server/log/coarsen.ts'
import { foldRoom } from '../../server/log/fold.ts'
import { mendSnapshot, snapshotFault } from '../../server/log/mend.ts'
import { dropExpired } from '../../server/log/retention.ts'
import { Writer } from '../storage/writer.ts'
import { counting, quiet, random } from '../support/open-database.ts'
import { keptRows, openPage, type Page, ROOM } from './page.ts'

const typed = (words: string): Uint8Array => {
  const doc = new Y.Doc()
  // Ids of the same length: a small one, which is one in sixteen, would make the row shorter.
  doc.clientID = 0x8000_0000 + (doc.clientID % 0x7fff_ffff)
  doc.getText(words).insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

/** Rows of the same length each, the first of which the database never loses. */
const rowsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ seq: n + 1, part: 0, author: 'ana', data: typed(`${name} ${n}`) }))

/** The page has its first row alone. */
const lose = async ({ database }: Page, room: string): Promise<void> => {
  await database.query('DELETE FROM scriptorium.update WHERE room_id = $1 AND seq > 1', [room])
  await database.query('DELETE FROM scriptorium.snapshot WHERE room_id = $1', [room])
  await database.query(
    `UPDATE scriptorium.room
     SET seq = 1, snapshot_seq = 0, updated_at = (SELECT max(at) FROM scriptorium.update WHERE room_id = $1)
     WHERE room_id = $1`,
    [room],
  )
}

/** The page has `count` rows that others wrote, above the first. */
const goBack = async (page: Page, count: number): Promise<void> => {
  await lose(page, ROOM)
  const writer = new Writer(page.log, ROOM, await page.log.load(ROOM))
  for (const { data } of rowsOf('since', count)) await writer.written({ author: 'ana', via: null, data })
}

/** How many of the rows that came since a page holds. */
const sinceIn = (data: Uint8Array | undefined): number => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, data ?? new Uint8Array([0, 0]))
  return [...doc.share.keys()].filter((name) => name.startsWith('since')).length
}

/** The same database, which goes back in time just before the next transaction. */
const losing = (page: Page, back: () => Promise<void>): Database => {
  let isDue = true
  const { database } = page
  return {
    kind: database.kind,
    query: (text, values) => database.query(text, values),
    transaction: async (work) => {
      if (isDue) await back()
      isDue = false
      return database.transaction(work)
    },
    script: (text) => database.script(text),
    close: () => database.close(),
  }
}

const opened = async (settings: Parameters<typeof openPage>[0]) => {
  const page = await openPage(settings)
  await page.write(rowsOf('lost ', 5))
  return page
}

it.each([4, 7])('restores and undoes nothing by what was lost, where %i rows came since', async (since) => {
  const page = await opened(undefined)
  const { threads } = page.parts
  const [first] = await page.database.query<{ at: Date }>('SELECT at FROM scriptorium.update WHERE seq = 1')
  const asked = { author: null, once: null }
  const archiveThat = (back: () => Promise<void>) =>
    openArchive({
      database: losing(page, back),
      threads,
      random,
      changed: async () => undefined,
      ended: async () => undefined,
    })
  const back = () => goBack(page, since)
  await expect(archiveThat(back).restorePage(ROOM, { at: { seq: 1 } }, asked)).rejects.toMatchObject({ kind: 'raced' })
  const period = { user: 'ana', from: first?.at ?? new Date(0), to: new Date(Date.now() + 60_000) }
  await expect(archiveThat(back).undoPerson(ROOM, period, asked)).rejects.toMatchObject({ kind: 'raced' })
  expect((await page.log.load(ROOM)).seq).toBe(1 + since)
})

it('joins no rows in the place of those that came since', async () => {
  const page = await opened({ fullDays: 0, hourlyDays: 30, days: null })
  await page.log.fold(ROOM)
  const before = await keptRows(page.database)
  const database = losing(page, async () => {
    await goBack(page, 4)
    await page.log.fold(ROOM)
  })
  expect((await coarsenHistory(ROOM, { ...page.parts, database })).rows).toBe(0)
  const after = await keptRows(page.database)
  expect(after.map(({ data }) => data.length)).toEqual(before.map(({ data }) => data.length))
  expect(after.map(({ seq, first_seq }) => first_seq - seq)).toEqual([0, 0, 0, 0, 0])
})

it('drops no history for what was lost', async () => {
  const page = await opened({ fullDays: 0, hourlyDays: 0, days: 0 })
  await page.log.fold(ROOM)
  const database = losing(page, async () => {
    await goBack(page, 4)
    await page.log.fold(ROOM)
  })
  expect(await dropExpired(ROOM, { ...page.parts, database })).toEqual({ rows: 0, bytes: 0 })
  expect((await keptRows(page.database)).length).toBe(5)
  expect(sinceIn((await page.log.load(ROOM)).snapshot?.data)).toBe(4)
})

it('sets aside no row in the place of one that could not be read', async () => {
  const page = await openPage()
  const unreadable = { seq: 2, part: 0, author: 'ana', data: new Uint8Array([1, 1, 1, 1]) }
  await page.write([...rowsOf('lost ', 1), unreadable])
  const database = losing(page, () => goBack(page, 1))
  const counters = counting()
  const folding = { ...page.parts, database, counters, logger: quiet }
  expect(await foldRoom(ROOM, folding)).toBe(null)
  expect(await page.database.query('SELECT seq FROM scriptorium.quarantine')).toEqual([])
  expect(counters.counts.get('rows_quarantined')).toBe(undefined)
  expect(sinceIn((await page.log.fold(ROOM))?.data)).toBe(1)
})

it('mends no snapshot by what was lost', async () => {
  const page = await opened(undefined)
  await page.log.fold(ROOM)
  await page.database.query(
    `UPDATE scriptorium.snapshot SET data = set_byte(data, 20, (get_byte(data, 20) + 1) % 256) WHERE room_id = $1`,
    [ROOM],
  )
  const head = { snapshot_seq: 5, history_seq: 0, epoch: 0 }
  const database = losing(page, async () => {
    await goBack(page, 4)
    await page.log.fold(ROOM)
  })
  expect(await snapshotFault(ROOM, head, page.parts)).toMatch(/hash/)
  expect(await mendSnapshot(ROOM, head, { ...page.parts, database })).toBe(false)
  expect(await snapshotFault(ROOM, head, page.parts)).toBe(null)
  expect(sinceIn((await page.log.load(ROOM)).snapshot?.data)).toBe(4)
})

it('tells of a story what its document says now, where that came as far again', async () => {
  const page = await openPage()
  const { database, log, parts } = page
  const outline = 'story/_story'
  const title = async (words: string) => {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, (await log.load(outline)).tail[0]?.parts[0] ?? new Uint8Array([0, 0]))
    const before = Y.encodeStateVector(doc)
    doc.getMap('story').set('title', words)
    const writer = new Writer(log, outline, await log.load(outline))
    await writer.written({ author: 'ana', via: null, data: Y.encodeStateAsUpdate(doc, before) })
  }
  const archive = openArchive({
    database,
    threads: parts.threads,
    random,
    changed: async () => undefined,
    ended: async () => undefined,
  })
  const told = async () => {
    const [story] = await archive.listStories('', 1)
    return (await archive.outlineAt('story', story?.outlineAt ?? 0))?.title
  }
  await title('First')
  await title('Lost')
  expect(await told()).toBe('Lost')
  await lose(page, outline)
  await title('Since')
  expect((await log.load(outline)).seq).toBe(2)
  expect(await told()).toBe('Since')
})
