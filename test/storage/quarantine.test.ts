/** Rows that make a page unreadable: found by the fold, set aside, never served again. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import type { Database } from '../../server/database/port.ts'
import { openLog } from '../../server/log/log.ts'
import type { Log } from '../../server/log/port.ts'
import { Client, connectClient } from '../support/client.ts'
import { clock, counting, history, openDatabase, openThreads, quiet, random } from '../support/open-database.ts'
import { startService } from '../support/service.ts'
import { smuggle } from '../support/smuggle.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { Writer } from './writer.ts'

const ROOM = 'story/page'
const DEPTH = 20_000
/** A service that is alone looks at each of its rooms now and then only. */
const PATIENCE = { withinMs: 60_000 }

/** Somebody who types, and whose updates can be had one by one. */
class Author {
  readonly doc = new Y.Doc()
  readonly #made: Uint8Array[] = []

  constructor() {
    this.doc.on('update', (update: Uint8Array) => this.#made.push(update))
  }

  /** The update of one edit. */
  edit(change: (doc: Y.Doc) => void): Uint8Array {
    this.doc.transact(() => change(this.doc))
    return this.#made.splice(0)[0] as Uint8Array
  }

  type(text: string): Uint8Array {
    return this.edit((doc) => doc.getText('body').insert(doc.getText('body').length, text))
  }

  /** Elements inside one another, too deep to be written out. */
  nest(): Uint8Array {
    return this.edit((doc) => {
      let parent: Y.XmlFragment = doc.getXmlFragment('xml')
      for (let depth = 0; depth < DEPTH; depth++) {
        const child = new Y.XmlElement('p')
        parent.insert(0, [child])
        parent = child
      }
    })
  }
}

const open = async (): Promise<{ database: Database; log: Log; counters: ReturnType<typeof counting> }> => {
  const database = await openDatabase((await anyPostgres().open()).env)
  await migrate(database)
  const counters = counting()
  const log = openLog({
    database,
    clock,
    random,
    logger: quiet,
    counters,
    history,
    threads: openThreads(),
    loadsAtOnce: 2,
    batchRooms: 10,
  })
  onTestFinished(() => log.close())
  return { database, log, counters }
}

const by = (author: string, data: Uint8Array) => ({ author, via: null, data })

const textOf = (...updates: Uint8Array[]): string => {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('body').toString()
}

describe('a fold that meets rows that cannot be read', () => {
  it('sets aside the row at fault and what goes on from it, and keeps all else', async () => {
    const { database, log, counters } = await open()
    const [ana, ben] = [new Author(), new Author()]
    const writer = new Writer(log, ROOM)
    await writer.written(by('ana', ana.type('Once ')))
    await writer.written(by('ben', ben.type('upon ')))
    await writer.written(by('ana', ana.nest()), by('ben', ben.type('a ')))
    await writer.written(by('ana', ana.type('lost')))
    await writer.written(by('ben', ben.type('time')))
    const folded = await log.fold(ROOM)
    expect(folded).toMatchObject({ seq: 5, epoch: 1 })
    expect(counters.counts.get('rows_quarantined')).toBe(2)
    const kept = await database.query(`SELECT seq, part, author, why FROM scriptorium.quarantine ORDER BY seq`)
    expect(kept).toMatchObject([
      { seq: 3, part: 0, author: 'ana', why: expect.stringMatching(/call stack/) },
      { seq: 4, part: 0, author: 'ana', why: 'it goes on from row 3' },
    ])
    const loaded = await log.load(ROOM)
    expect(loaded).toMatchObject({ epoch: 1, seq: 5, tail: [] })
    const text = textOf(loaded.snapshot?.data as Uint8Array)
    for (const word of ['Once ', 'upon a time']) expect(text).toContain(word)
    expect(text).not.toContain('lost')
    expect([...Y.decodeStateVector(loaded.dead as Uint8Array)]).toEqual([
      [ana.doc.clientID, Y.getState(ana.doc.store, ana.doc.clientID)],
    ])
  })

  it('fences off whoever still writes in the old epoch', async () => {
    const { log } = await open()
    const ana = new Author()
    const writer = new Writer(log, ROOM)
    await writer.written(by('ana', ana.type('Once ')))
    await writer.written(by('ana', new Uint8Array([9, 9, 9])))
    expect(await log.fold(ROOM)).toMatchObject({ epoch: 1 })
    expect(await writer.written(by('ana', ana.type('more')))).toEqual({ kind: 'fenced', deleted: false })
    expect(textOf((await log.load(ROOM)).snapshot?.data as Uint8Array)).toBe('Once ')
  })

  it('notes who first wrote with which client', async () => {
    const { database, log } = await open()
    const [ana, ben] = [new Author(), new Author()]
    const writer = new Writer(log, ROOM)
    const [one, two] = [ana.type('a'), ben.type('b')]
    await writer.written(by('ana', one), by('ben', two))
    await log.fold(ROOM)
    await writer.written(by('carl', ana.type('later')))
    await log.fold(ROOM)
    const writers = await database.query(`SELECT client_id, author FROM scriptorium.writer ORDER BY author`)
    expect(writers).toEqual([
      { client_id: ana.doc.clientID, author: 'ana' },
      { client_id: ben.doc.clientID, author: 'ben' },
    ])
  })
})

const typed = async (client: Client, label: string): Promise<void> => {
  client.edit(label, (doc) => doc.getText('body').insert(0, `${label} `))
  await until(`${label} to be saved`, () => client.acknowledged.has(label))
}

const setAside = (store: Store): Promise<unknown[]> =>
  store.query(`SELECT seq::int AS seq FROM scriptorium.quarantine ORDER BY seq`)

describe('a page with a row that cannot be read', () => {
  it('is loaded again without it, and those who write go on', { timeout: 120_000 }, async () => {
    const store = await anyPostgres().open()
    const { collab } = await startService(store.env)
    const writer = await connectClient(collab, ROOM)
    await typed(writer, 'first')
    await smuggle(store, ROOM, new Uint8Array([1, 1, 1, 1]))
    await until('the room to notice', () => writer.closings.some(({ code }) => code === 1012), PATIENCE)
    writer.connect()
    await typed(writer, 'second')
    expect((await readAfresh(collab, ROOM)).getText('body').toString()).toBe('second first ')
    expect(await setAside(store)).toEqual([{ seq: 2 }])
  })

  it('never gives it to anybody again, and refuses copies that hold it', { timeout: 120_000 }, async () => {
    const store = await anyPostgres().open()
    const { collab } = await startService({ ...store.env, FOLD_ROWS: '1', FOLD_MAX_ROWS: '1' })
    const writer = await connectClient(collab, ROOM)
    await typed(writer, 'first')
    const mallory = new Author()
    await smuggle(store, ROOM, mallory.nest())
    await until('the room to notice', () => writer.closings.some(({ code }) => code === 1012), PATIENCE)
    const fresh = await readAfresh(collab, ROOM)
    expect(fresh.getText('body').toString()).toBe('first ')
    expect(Y.getState(fresh.store, mallory.doc.clientID)).toBe(0)
    const holder = new Client(collab, ROOM, { doc: mallory.doc })
    holder.connect()
    await until('the copy to be refused', () => holder.closings.some(({ code }) => code === 4409))
    const again = await connectClient(collab, ROOM)
    await typed(again, 'second')
    expect(await setAside(store)).toEqual([{ seq: 2 }])
  })
})
