/** Folds over every store, below the service: what is swapped in, and what is not. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Database } from '../../server/database/port.ts'
import { mergeUpdates } from '../../server/room/merge.ts'
import { everyStore } from '../support/stores.ts'
import { logOver, open, passing } from './log-over.ts'
import { part, Writer } from './writer.ts'

describe.each(everyStore)('a fold over $name', (store) => {
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
