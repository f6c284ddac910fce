/** `scriptorium doctor`: finds what is wrong with a page, and mends what is sure. */
import { describe, expect, it } from 'vitest'
import type { ExamineReport } from '../../server/log/examine.ts'
import { runCommand } from '../support/command.ts'
import { seededRandom } from '../support/random.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { contentHash, plantPages, typedRows } from './pages.ts'

const ROOM = 'ill/page'

/** A page of some rows, folded half-way. */
const planted = async (): Promise<Store> => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  await runCommand(['migrate'], store.env)
  const rows = typedRows(random, 300)
  await plantPages(store, new Map([[ROOM, rows]]), 1)
  await plantPages(store, new Map([['well/page', typedRows(random, 100)]]), 1)
  await store.query('UPDATE scriptorium.room SET seq = 40 WHERE room_id = $1', [ROOM])
  await store.query('DELETE FROM scriptorium.update WHERE room_id = $1 AND seq > 40', [ROOM])
  await runCommand(['compact'], store.env)
  for (const [index, data] of rows.slice(40, 60).entries()) {
    await store.query(
      `INSERT INTO scriptorium.update (room_id, seq, part, batch, at, data) VALUES ($1, $2, 0, gen_random_uuid(), now(), $3)`,
      [ROOM, 41 + index, Buffer.from(data)],
    )
  }
  await store.query('UPDATE scriptorium.room SET seq = 60 WHERE room_id = $1', [ROOM])
  return store
}

const doctor = async (store: Store, ...args: string[]): Promise<{ code: number | null; report: ExamineReport }> => {
  const { code, out } = await runCommand(['doctor', '--json', ...args], store.env)
  return { code, report: JSON.parse(out) as ExamineReport }
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
    /1 rows of writer belong to no page/,
    false,
  ],
]

describe('scriptorium doctor', () => {
  it('finds nothing wrong with pages that are well', async () => {
    expect(await doctor(await planted())).toMatchObject({ code: 0, report: { pages: 2, faults: 0, found: [] } })
  })

  it.each(ILLS)('finds %s', async (_name, sql, says, mends) => {
    const store = await planted()
    const before = await contentHash(store, ROOM)
    await store.query(sql)
    const found = await doctor(store)
    expect(found.code, JSON.stringify(whatIn(found.report))).toBe(1)
    expect(JSON.stringify(whatIn(found.report))).toMatch(says)
    expect(JSON.stringify(whatIn(found.report))).not.toContain('well/page')
    const mended = await doctor(store, '--repair')
    expect([mended.code, mended.report.mended > 0]).toEqual(mends ? [0, true] : [1, false])
    if (!mends) return
    expect((await doctor(store)).report.faults).toBe(0)
    if (!says.source.includes('cannot be read')) expect(await contentHash(store, ROOM)).toBe(before)
  })
})
