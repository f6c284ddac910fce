/** The log over every store: group commit, the meanings of a seq, loading, folding. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import type { Database } from '../../server/database/port.ts'
import { openLog } from '../../server/log/log.ts'
import type { LoadedRoom, Log } from '../../server/log/port.ts'
import { mergeUpdates } from '../../server/room/merge.ts'
import { clock, counting, history, openDatabase, openThreads, quiet, random } from '../support/open-database.ts'
import { startProxy } from '../support/proxy.ts'
import { everyPostgres, everyStore } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { part, Writer } from './writer.ts'

/** Takes a page back to a seq, as a database does that is put back in time. */
const backTo = async (database: Database, roomId: string, seq: number): Promise<void> => {
  await database.query(`DELETE FROM scriptorium.update WHERE room_id = $1 AND seq > $2`, [roomId, seq])
  await database.query(
    `UPDATE scriptorium.room SET seq = last.seq, updated_at = last.at
     FROM (SELECT seq, at FROM scriptorium.update WHERE room_id = $1 ORDER BY seq DESC LIMIT 1) AS last WHERE room_id = $1`,
    [roomId],
  )
}

const logOver = (database: Database): Log => {
  const parts = { clock, random, logger: quiet, counters: counting(), history, threads: openThreads() }
  const log = openLog({ database, ...parts, batchRooms: 1000, loadsAtOnce: 2 })
  onTestFinished(() => log.close())
  return log
}

/** A database that passes all on, for a test to change a part. */
const passing = (database: Database): Database => ({
  kind: database.kind,
  query: (text, values) => database.query(text, values),
  transaction: (work) => database.transaction(work),
  script: (text) => database.script(text),
  close: () => database.close(),
})

/** The statements that went by. */
const watched = (database: Database): { database: Database; texts: string[] } => {
  const texts: string[] = []
  const query: Database['query'] = (text, values) => {
    texts.push(text)
    return database.query(text, values)
  }
  return {
    texts,
    database: { ...passing(database), query },
  }
}

const texts = ({ tail }: LoadedRoom): string[][] =>
  tail.map(({ parts }) => parts.map((data) => new TextDecoder().decode(data)))

const open = async (store: { open(): Promise<{ env: Readonly<Record<string, string>> }> }): Promise<Database> => {
  const database = await openDatabase((await store.open()).env)
  await migrate(database)
  return database
}

describe.each(everyStore)('the log over $name', (store) => {
  it('keeps the parts of several authors in one seq, and loads them in order', async () => {
    const log = logOver(await open(store))
    expect(await log.load('s/p')).toMatchObject({ exists: false, seq: 0, tail: [] })
    const writer = new Writer(log, 's/p')
    expect(await writer.written(part('a1', 'ana'), part('b1', 'ben'))).toEqual({ kind: 'committed', seq: 1 })
    expect(await writer.written(part('a2', 'ana'))).toEqual({ kind: 'committed', seq: 2 })
    const loaded = await log.load('s/p')
    expect(loaded).toMatchObject({ exists: true, deleted: false, seq: 2, epoch: 0, snapshot: null })
    expect(texts(loaded)).toEqual([['a1', 'b1'], ['a2']])
    expect((await log.read('s/p', 2)).map(({ seq }) => seq)).toEqual([2])
    const known = (roomId: string, seq: number) => ({ roomId, seq, at: 0, epoch: 0 })
    expect(await log.changed([known('s/p', 2), known('s/none', 0)])).toEqual(new Map())
    expect(await log.changed([known('s/p', 1), known('s/none', 1)])).toEqual(
      new Map([
        ['s/p', { seq: 2, at: expect.any(Number), epoch: 0, deleted: false }],
        ['s/none', null],
      ]),
    )
  })

  it('writes many rooms in few statements', async () => {
    const { database, texts: statements } = watched(await open(store))
    const log = logOver(database)
    const writers = Array.from({ length: 300 }, (_, i) => new Writer(log, `s/${i}`))
    for (const writer of writers) writer.write(part(writer.roomId))
    await log.drain()
    for (const writer of writers) expect(writer.outcomes).toEqual([{ kind: 'committed', seq: 1 }])
    expect(statements.filter((text) => text.includes('INSERT INTO scriptorium.update')).length).toBeLessThanOrEqual(3)
  })

  it('tells a deleted room and another epoch from one that went back, and writes to none of them', async () => {
    const database = await open(store)
    const log = logOver(database)
    const [deleted, replaced, back, fine] = ['deleted', 'replaced', 'back', 'fine'].map(
      (name) => new Writer(log, `s/${name}`),
    )
    for (const writer of [deleted, replaced, back, fine])
      for (const text of ['1', '2']) await writer?.written(part(text))
    await database.query(`UPDATE scriptorium.room SET deleted_at = now() WHERE page = 'deleted'`)
    await database.query(`UPDATE scriptorium.room SET epoch = 1 WHERE page = 'replaced'`)
    await database.query(`UPDATE scriptorium.room SET seq = 1 WHERE page = 'back'`)
    await database.query(`DELETE FROM scriptorium.update WHERE room_id = 's/back' AND seq = 2`)
    for (const writer of [deleted, replaced, back, fine]) writer?.write(part('3'))
    await log.drain()
    expect(deleted?.outcomes.at(-1)).toEqual({ kind: 'fenced', deleted: true })
    expect(replaced?.outcomes.at(-1)).toEqual({ kind: 'fenced', deleted: false })
    expect(back?.outcomes.at(-1)).toEqual({ kind: 'went-back' })
    expect(fine?.outcomes.at(-1)).toEqual({ kind: 'committed', seq: 3 })
    expect(texts(await log.load('s/back'))).toEqual([['1']])
  })

  it('folds to the same content, swaps once, and keeps what is appended meanwhile', async () => {
    const database = await open(store)
    const [log, rival] = [logOver(database), logOver(database)]
    const writer = new Writer(log, 's/p')
    const doc = new Y.Doc()
    const fresh: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => fresh.push(update))
    const type = async (text: string) => {
      doc.getText('body').insert(doc.getText('body').length, text)
      doc.getText('body').delete(0, 1)
      const data = mergeUpdates(fresh.splice(0))
      await writer.written({ author: null, via: null, data })
    }
    for (let i = 0; i < 20; i++) await type(`word ${i} `)
    const folds = [log.fold('s/p'), rival.fold('s/p')]
    await type('meanwhile')
    const folded = (await Promise.all(folds)).filter((snapshot) => snapshot !== null)
    expect(folded.length).toBeGreaterThanOrEqual(1)
    const loaded = await log.load('s/p')
    expect(loaded.snapshot?.seq).toBeGreaterThanOrEqual(20)
    const read = new Y.Doc()
    Y.applyUpdate(read, loaded.snapshot?.data as Uint8Array)
    for (const batch of loaded.tail) for (const data of batch.parts) Y.applyUpdate(read, data)
    expect(read.getText('body').toString()).toBe(doc.getText('body').toString())
    const deletes = loaded.snapshot?.data.subarray(loaded.snapshot.deletesAt) as Uint8Array
    expect(Y.decodeUpdate(new Uint8Array([0, ...deletes])).ds.clients.size).toBe(1)
    expect([...(loaded.snapshot?.atKeys ?? [])]).toEqual([0])
    await log.fold('s/p')
    expect(await log.fold('s/p')).toBeNull()
    const rows = await database.query(`SELECT count(*)::int AS rows FROM scriptorium.update`)
    expect(rows).toEqual([{ rows: 21 }])
  })

  it.each([1, 5])(
    'swaps no snapshot of a past in that the database was put back from, where %i came since',
    async (since) => {
      const database = await open(store)
      const typed = (text: string) => {
        const doc = new Y.Doc()
        doc.getText(text).insert(0, text)
        return { author: null, via: null, data: Y.encodeStateAsUpdate(doc) }
      }
      const writer = new Writer(logOver(database), 's/p')
      for (let n = 0; n < 5; n++) await writer.written(typed(`before ${n}`))
      const goBack = async () => {
        await database.query(`DELETE FROM scriptorium.update WHERE seq > 2`)
        await database.query(`UPDATE scriptorium.room SET seq = 2`)
        const log = logOver(database)
        const again = new Writer(log, 's/p', await log.load('s/p'))
        for (let n = 0; n < since; n++) await again.written(typed(`after ${n}`))
      }
      const folding = logOver({
        kind: database.kind,
        query: (text, values) => database.query(text, values),
        transaction: (work) => goBack().then(() => database.transaction(work)),
        script: (text) => database.script(text),
        close: () => database.close(),
      } as Database)
      expect(await folding.fold('s/p')).toBeNull()
      const loaded = await logOver(database).load('s/p')
      expect([loaded.snapshot, loaded.tail.map(({ seq }) => seq)]).toEqual([
        null,
        Array.from({ length: 2 + since }, (_, index) => index + 1),
      ])
    },
  )

  it('folds many pages that are due at once a few at a time, and writes beside them', async () => {
    const database = await open(store)
    const writing = logOver(database)
    const rooms = Array.from({ length: 40 }, (_, n) => `s/${n}`)
    for (const room of rooms) {
      const doc = new Y.Doc()
      doc.getText('body').insert(0, room)
      await new Writer(writing, room).written({ author: null, via: null, data: Y.encodeStateAsUpdate(doc) })
    }
    let under = 0
    let most = 0
    const log = logOver({
      ...passing(database),
      query: async (text, values) => {
        if (!text.includes('room.snapshot_seq')) return database.query(text, values)
        most = Math.max(most, ++under)
        try {
          return await database.query(text, values)
        } finally {
          under--
        }
      },
    })
    const folds = rooms.map((room) => log.fold(room))
    expect(await new Writer(writing, 's/other').written(part('meanwhile'))).toMatchObject({ kind: 'committed' })
    const folded = await Promise.all(folds)
    expect(folded.map((snapshot) => snapshot?.seq)).toEqual(rooms.map(() => 1))
    expect(most).toBeLessThanOrEqual(2)
  })

  it.each([3, 5])(
    'writes nothing that goes on from a past in that the database was put back from, though it has %i rows again',
    async (since) => {
      const database = await open(store)
      const log = logOver(database)
      const rooms = ['s/one', 's/two']
      const behind = rooms.map((room) => new Writer(log, room))
      for (const writer of behind) for (let n = 0; n < 3; n++) await writer.written(part(`lost ${n}`))
      for (const room of rooms) await backTo(database, room, 1)
      for (const room of rooms) {
        const other = new Writer(log, room, await log.load(room))
        for (let n = 1; n < since; n++) await other.written(part(`since ${n}`))
      }
      const known = behind.map(({ roomId, seq, at, epoch }) => ({ roomId, seq, at, epoch }))
      expect([...(await log.changed(known)).keys()].sort()).toEqual(rooms)
      for (const writer of behind) writer.write(part('goes on from what is lost'))
      await until('both to be settled', () => behind.every(({ outcomes }) => outcomes.length === 4))
      expect(await behind[0]?.written(part('alone'))).toEqual({ kind: 'went-back' })
      for (const writer of behind) expect(writer.outcomes.slice(3)).toContainEqual({ kind: 'went-back' })
      for (const room of rooms) expect((await log.load(room)).seq).toBe(since)
    },
  )

  it('swaps no snapshot in that does not load', async () => {
    const log = logOver(await open(store))
    const doc = new Y.Doc()
    doc.getText('body').insert(0, 'once')
    const first = Y.encodeStateVector(doc)
    doc.getText('body').insert(4, ' upon')
    const writer = new Writer(log, 's/p')
    await writer.written({ author: null, via: null, data: Y.encodeStateAsUpdate(doc, first) })
    await expect(log.fold('s/p')).rejects.toThrow(/refers to what no row holds/)
    expect((await log.load('s/p')).snapshot).toBeNull()
  })
})

describe.each(everyPostgres)('the log on PostgreSQL, $name', (store) => {
  it('gives two processes one sequence without a gap, whatever order they write in', async () => {
    const { env } = await store.open()
    const databases = [await openDatabase(env), await openDatabase(env)]
    for (const database of databases) await migrate(database)
    const names = Array.from({ length: 40 }, (_, i) => `s/${i}`)
    const orders = [names, [...names].reverse()]
    const logs = databases.map(logOver)
    const writers = logs.map((log, i) => (orders[i] as string[]).map((name) => new Writer(log, name)))
    for (let round = 0; round < 25; round++) {
      for (const side of writers) for (const writer of side) writer.write(part(`${round}`))
      await Promise.all(logs.map((log) => log.drain()))
    }
    for (const name of names) {
      const loaded = await (logs[0] as Log).load(name)
      expect(loaded.tail.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    }
    for (const writer of writers.flat()) expect(writer.outcomes.every(({ kind }) => kind === 'committed')).toBe(true)
  })

  it('neither loses nor doubles a batch whose answer was lost', async () => {
    const { env } = await store.open()
    const direct = await openDatabase(env)
    await migrate(direct)
    const url = new URL(env.DATABASE_URL ?? '')
    const proxy = await startProxy(url.hostname, Number(url.port))
    const through = new URL(url)
    through.port = String(proxy.port)
    const log = logOver(await openDatabase({ DATABASE_URL: through.href }))
    const writers = Array.from({ length: 20 }, (_, i) => new Writer(log, `s/${i}`))
    for (let round = 1; round <= 10; round++) {
      // The statement arrives, waits for the lock, and commits after its connection is gone.
      const held = direct.transaction(async (tx) => {
        await tx.query(`LOCK TABLE scriptorium.update IN EXCLUSIVE MODE`)
        for (const writer of writers) writer.write(part(`${round}`))
        await until('the append to wait for the lock', async () => {
          const rows = await tx.query(
            `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'scriptorium.update'::regclass`,
          )
          return rows.length > 0
        })
        proxy.cut()
      })
      await held
      proxy.resume()
      await log.drain()
    }
    for (const writer of writers) {
      expect(writer.outcomes).toEqual(Array.from({ length: 10 }, (_, i) => ({ kind: 'committed', seq: i + 1 })))
      expect(texts(await logOver(direct).load(writer.roomId))).toEqual(
        Array.from({ length: 10 }, (_, i) => [`${i + 1}`]),
      )
    }
  })

  it('isolates a room that cannot be written from those beside it', async () => {
    const database = await open(store)
    await database.script(`ALTER TABLE scriptorium.update ADD CHECK (author <> 'mallory')`)
    const log = logOver(database)
    const writers = Array.from({ length: 9 }, (_, i) => new Writer(log, `s/${i}`))
    for (const [i, writer] of writers.entries()) writer.write(part('words', i === 4 ? 'mallory' : 'ana'))
    await log.drain()
    for (const [i, { outcomes }] of writers.entries()) {
      if (i === 4) expect(outcomes).toMatchObject([{ kind: 'failed' }])
      else expect(outcomes).toEqual([{ kind: 'committed', seq: 1 }])
    }
  })

  it('waits while the database is away, and writes when it is back', async () => {
    const { env } = await store.open()
    const direct = await openDatabase(env)
    await migrate(direct)
    const url = new URL(env.DATABASE_URL ?? '')
    const proxy = await startProxy(url.hostname, Number(url.port))
    const through = new URL(url)
    through.port = String(proxy.port)
    const log = logOver(await openDatabase({ DATABASE_URL: through.href }))
    const writer = new Writer(log, 's/p')
    await writer.written(part('1'))
    proxy.cut()
    writer.write(part('2'))
    await until('the log to notice', () => !log.reachable)
    await expect(log.load('s/other')).rejects.toThrow()
    expect(writer.outcomes).toHaveLength(1)
    proxy.resume()
    await until('the batch to be written', () => writer.outcomes.length === 2)
    expect(writer.outcomes[1]).toEqual({ kind: 'committed', seq: 2 })
    expect(log.reachable).toBe(true)
  })
})
