/** The log over every store: group commit, loading, the meanings of a seq. */
import { describe, expect, it } from 'vitest'
import type { Database } from '../../server/database/port.ts'
import { everyStore } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { logOver, open, passing, texts } from './log-over.ts'
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

  it.runIf(!store.isDistributed)('writes many rooms in few statements', async () => {
    const { database, texts: statements } = watched(await open(store))
    const log = logOver(database, 1000)
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
})
