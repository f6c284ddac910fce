/** `scriptorium doctor`: finds what is wrong with a page, and mends what is sure. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import { type ExamineReport, examinePages } from '../../server/log/examine.ts'
import { foldRoom } from '../../server/log/fold.ts'
import { updateOf } from '../support/archive-api.ts'
import { runCommand } from '../support/command.ts'
import { clock, counting, openDatabase, openThreads, quiet } from '../support/open-database.ts'
import { seededRandom } from '../support/random.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { node } from '../support/story.ts'
import { contentHash, plantPages, typedRows } from './pages.ts'

const ROOM = 'ill/page'

interface Planted {
  readonly store: Store
  /** Examines all pages. */
  readonly examine: (repair: boolean) => Promise<ExamineReport>
}

/** A page of some rows, folded half-way, and another that is well. */
const planted = async (): Promise<Planted> => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  const database = await openDatabase(store.env)
  await migrate(database)
  const { signal } = new AbortController()
  const parts = { database, threads: openThreads(), clock, logger: quiet, counters: counting(), signal }
  const rows = typedRows(random, 300).slice(0, 60)
  await plantPages(
    store,
    new Map([
      [ROOM, rows.slice(0, 40)],
      ['well/page', typedRows(random, 100)],
    ]),
    1,
  )
  for (const page of [ROOM, 'well/page']) await foldRoom(page, parts)
  await plantPages(store, new Map([[ROOM, rows.slice(40)]]), 1)
  const all = { story: null, page: null, concurrency: 1 }
  return { store, examine: (repair) => examinePages({ ...all, repair }, parts) }
}

const whatIn = ({ found }: ExamineReport) =>
  found.map(({ page, findings }) => [page, findings.map(({ what, mended }) => `${mended ? 'mended: ' : ''}${what}`)])

/** What is done to a page, what the doctor says of it, and whether that can be mended. */
const ILLS: readonly (readonly [name: string, sql: string, says: RegExp, mends: boolean])[] = [
  [
    'a snapshot with a changed byte',
    `UPDATE scriptorium.snapshot SET data = set_byte(data, 20, (get_byte(data, 20) + 1) % 256) WHERE room_id = '${ROOM}'`,
    /the hash of snapshot 40 differs/,
    true,
  ],
  [
    'a snapshot that is gone',
    `DELETE FROM scriptorium.snapshot WHERE room_id = '${ROOM}'`,
    /snapshot 40 is missing/,
    true,
  ],
  [
    'a wrong state vector',
    `UPDATE scriptorium.snapshot SET state_vector = '\\x00' WHERE room_id = '${ROOM}'`,
    /the state vector of snapshot 40 differs/,
    true,
  ],
  [
    'a row that cannot be read',
    `UPDATE scriptorium.update SET data = '\\x090909' WHERE room_id = '${ROOM}' AND seq = 60`,
    /it cannot be read/,
    true,
  ],
  [
    'a seq below its rows',
    `UPDATE scriptorium.room SET seq = 55 WHERE room_id = '${ROOM}'`,
    /is at 55, but has rows up to 60/,
    true,
  ],
  [
    'a row that is missing',
    `DELETE FROM scriptorium.update WHERE room_id = '${ROOM}' AND seq = 50`,
    /row 50 is missing/,
    false,
  ],
  [
    'a row of the history that is missing',
    `DELETE FROM scriptorium.update WHERE room_id = '${ROOM}' AND seq = 10`,
    /the history lacks row 10/,
    false,
  ],
  [
    'a history that tells another story',
    `UPDATE scriptorium.update SET data = '\\x0000' WHERE room_id = '${ROOM}' AND seq = 40`,
    /differs from the history/,
    false,
  ],
  [
    'rows of no page',
    `INSERT INTO scriptorium.writer (room_id, client_id) VALUES ('no/page', 1)`,
    /1 row of writer belongs to no page/,
    false,
  ],
]

describe('an examination', () => {
  it('finds nothing wrong with pages that are well', async () => {
    const { examine } = await planted()
    expect(await examine(false)).toMatchObject({ pages: 2, faults: 0, found: [] })
  })

  it.each(ILLS)('finds %s', async (_name, sql, says, mends) => {
    const { store, examine } = await planted()
    const before = await contentHash(store, ROOM)
    await store.query(sql)
    const found = await examine(false)
    expect(found.faults).toBeGreaterThan(0)
    expect(JSON.stringify(whatIn(found))).toMatch(says)
    expect(JSON.stringify(whatIn(found))).not.toContain('well/page')
    const mended = await examine(true)
    expect([mended.faults === 0, mended.mended > 0]).toEqual([mends, mends])
    if (!mends) return
    expect((await examine(false)).faults).toBe(0)
    if (!says.source.includes('cannot be read')) expect(await contentHash(store, ROOM)).toBe(before)
  })
})

describe('an examination of what pages hold', () => {
  it('knows pages of the app that its editor cannot show, and leaves alone what other apps keep', async () => {
    const { store, examine } = await planted()
    const rows = (write: (doc: Y.Doc) => void) => [updateOf(write)]
    const asText = rows((doc) => doc.getText('body').insert(0, 'plain'))
    const asXml = rows((doc) => doc.getXmlFragment('body').insert(0, [new Y.XmlElement('paragraph')]))
    const mixed = rows((doc) => {
      const body = doc.getText('body')
      body.insertEmbed(0, new Y.XmlElement('paragraph'))
      body.insert(1, 'plain')
    })
    const once = rows((doc) => {
      const body = doc.getText('body')
      body.insert(0, 'plain')
      body.delete(0, 5)
      body.insertEmbed(0, new Y.XmlElement('paragraph'))
    })
    const xml = (...nodes: Y.XmlElement[]) => rows((doc) => doc.getXmlFragment('body').insert(0, nodes))
    const list = (...items: Y.XmlElement[]) => node('bulletList', items)
    const nested = xml(list(node('listItem', [node('paragraph', ['in', list(node('listItem', ['out']))])])))
    const table = xml(node('paragraph'), node('table', [node('paragraph')]))
    const comment = new Y.XmlText()
    comment.insert(0, 'words', { comment: {} })
    const remark = xml(node('blockquote', [node('paragraph', [comment])]))
    const mends = xml(list(), list(node('listItem', [node('heading', ['late'])])))
    const keys = rows((doc) => doc.getMap('body').set('key', 1))
    const pages = {
      asText,
      asXml,
      mixed,
      once,
      nested,
      table,
      remark,
      mends,
      keys,
      _story: rows((doc) => doc.getMap('story').set('title', 'S')),
    }
    await plantPages(store, new Map(Object.entries(pages).map(([page, each]) => [`app/${page}`, each])), 1)
    await plantPages(store, new Map([['other/asText', asText]]), 1)
    const { faults, found } = await examine(false)
    expect(faults).toBe(0)
    expect(found.map(({ page }) => page)).toEqual(
      ['asText', 'keys', 'mixed', 'nested', 'remark', 'table'].map((page) => `app/${page}`),
    )
    expect(found[0]?.findings).toMatchObject([{ level: 'note', what: expect.stringContaining('shown there as text') }])
  })
})

describe('scriptorium doctor', () => {
  it('ends with 1 while a fault remains, and with 0 when it is mended', async () => {
    const { store } = await planted()
    await store.query(`DELETE FROM scriptorium.snapshot WHERE room_id = '${ROOM}'`)
    const ill = await runCommand(['doctor'], store.env)
    expect([ill.code, ill.out]).toEqual([1, expect.stringMatching(/ill\/page: snapshot 40 is missing/)])
    expect((await runCommand(['doctor', '--repair'], store.env)).code).toBe(0)
    const well = await runCommand(['doctor', '--json'], store.env)
    expect([well.code, JSON.parse(well.out)]).toEqual([0, expect.objectContaining({ pages: 2, faults: 0 })])
  })
})
