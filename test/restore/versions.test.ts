/** The archive over every store, below the service: versions by themselves, and what stays when history goes. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import type { Database } from '../../server/database/port.ts'
import { type Archive, openArchive } from '../../server/log/archive/archive.ts'
import { openDatabase, openThreads, random } from '../support/open-database.ts'
import { mainStores } from '../support/sized-stores.ts'
import type { StoreKind } from '../support/stores.ts'

const ROOM = 's/p'
const HOUR = 3600
const NOBODY = { author: null, once: null }

const open = async (kind: StoreKind) => {
  const database = await openDatabase((await kind.open()).env)
  await migrate(database)
  const elsewhere = async () => undefined
  const archive = openArchive({ database, threads: openThreads(), random, changed: elsewhere, ended: elsewhere })
  await database.query(`INSERT INTO scriptorium.room (room_id, story, page) VALUES ('s/p', 's', 'p')`)
  return { database, archive, doc: new Y.Doc() }
}

/** Appends one row, as the log does. */
const write = async (database: Database, doc: Y.Doc, words: string): Promise<void> => {
  const before = Y.encodeStateVector(doc)
  doc.getText('t').insert(doc.getText('t').length, words)
  const data = Y.encodeStateAsUpdate(doc, before)
  const rows = await database.query<{ seq: number }>(
    `UPDATE scriptorium.room SET seq = seq + 1, updated_at = statement_timestamp() WHERE room_id = 's/p' RETURNING seq`,
  )
  await database.query(
    `INSERT INTO scriptorium.update (room_id, seq, part, batch, author, at, data)
     VALUES ('s/p', $1, 0, $2::uuid, 'ana', clock_timestamp(), $3)`,
    [rows[0]?.seq ?? 0, random.uuid(), data],
  )
}

const textOf = async (archive: Archive, source: Parameters<Archive['readPage']>[1]): Promise<string> => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, (await archive.readPage(ROOM, source)).data)
  return doc.getText('t').toString()
}

describe.each(mainStores)('the archive over $name', (store) => {
  it('keeps an automatic version at most once in its time, and only where something was written', async () => {
    const { database, archive, doc } = await open(store)
    expect(await archive.keepAutomatic([ROOM], 0)).toBe(0)
    await write(database, doc, 'one')
    expect(await archive.keepAutomatic([ROOM, 's/other'], HOUR)).toBe(1)
    await write(database, doc, ' two')
    expect(await archive.keepAutomatic([ROOM], HOUR)).toBe(0)
    expect(await archive.keepAutomatic([ROOM], 0)).toBe(1)
    expect(await archive.keepAutomatic([ROOM], 0)).toBe(0)
    const versions = await archive.listVersions(ROOM)
    expect(versions.map(({ kind, seq }) => [kind, seq])).toEqual([
      ['automatic', 2],
      ['automatic', 1],
    ])
  })

  it('thins automatic versions with age, and never named ones', async () => {
    const { database, archive, doc } = await open(store)
    await write(database, doc, 'one')
    const ages = [
      '1 hour',
      '2 hours',
      '3 days',
      '3 days 1 second',
      '40 days',
      '40 days 1 second',
      '400 days',
      '400 days 1 second',
    ]
    for (const kind of ['named', 'automatic']) {
      for (const age of ages) {
        await database.query(
          `INSERT INTO scriptorium.version (room_id, id, seq, kind, at, data)
           VALUES ('s/p', $1::uuid, 0, $2, date_trunc('week', clock_timestamp()) + interval '30 minutes' - $3::interval, '\\x0000')`,
          [random.uuid(), kind, age],
        )
      }
    }
    expect(await archive.keepAutomatic([ROOM], 0)).toBe(1)
    const versions = await archive.listVersions(ROOM)
    const count = (kind: string) => versions.filter((version) => version.kind === kind).length
    expect(count('named')).toBe(ages.length)
    expect(count('automatic')).toBeLessThan(ages.length + 1)
    expect(count('automatic')).toBeGreaterThanOrEqual(4)
  })

  it('says that a moment is not kept any more when its rows are gone; versions outlive them, and restores to them work', async () => {
    const { database, archive, doc } = await open(store)
    await write(database, doc, 'one')
    await write(database, doc, ' two')
    const version = await archive.nameVersion(ROOM, 'kept', NOBODY)
    await write(database, doc, ' three')
    await write(database, doc, ' four')
    const { data } = await archive.readPage(ROOM, { at: { seq: 3 } })
    await database.query(
      `INSERT INTO scriptorium.snapshot (room_id, seq, state_vector, deletes, data, hash) VALUES ('s/p', 3, $1, 0, $2, '')`,
      [Y.encodeStateVectorFromUpdate(data), data],
    )
    await database.query(`UPDATE scriptorium.room SET snapshot_seq = 3, history_seq = 3 WHERE room_id = 's/p'`)
    await database.query(`DELETE FROM scriptorium.update WHERE room_id = 's/p' AND seq <= 3`)
    for (const moment of [{ seq: 2 }, { time: new Date(0) }]) {
      await expect(archive.readPage(ROOM, { at: moment })).rejects.toMatchObject({ kind: 'gone' })
    }
    expect(await textOf(archive, { at: { seq: 3 } })).toBe('one two three')
    expect(await textOf(archive, { version: version.id })).toBe('one two')
    expect((await archive.authors(ROOM)).texts[0]?.spans.at(-1)).toMatchObject({ text: ' four', author: 'ana' })
    const { seq } = await archive.restorePage(ROOM, { version: version.id }, NOBODY)
    expect([seq, await textOf(archive, { at: 'now' })]).toEqual([5, 'one two'])
  })

  it('remembers what roots are, by the first evidence', async () => {
    const { database, archive, doc } = await open(store)
    await write(database, doc, 'one')
    await archive.renderPage(ROOM, { at: 'now' }, {})
    const roots = () => database.query(`SELECT roots FROM scriptorium.room WHERE room_id = 's/p'`)
    expect(await roots()).toEqual([{ roots: { t: 'text' } }])
    const { json } = await archive.renderPage(ROOM, { at: { seq: 0 } }, {})
    expect(JSON.parse(json)).toEqual({ t: '' })
  })
})
