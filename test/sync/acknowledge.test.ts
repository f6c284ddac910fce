import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Sync } from '../../shared/protocol.ts'
import { type Client, connectClient } from '../support/client.ts'
import { holdCommits } from '../support/lock.ts'
import { sharedService } from '../support/shared-service.ts'
import { postgresStores } from '../support/sized-stores.ts'
import { stockClient } from '../support/stock.ts'
import { foldOf, rowsOf, type StoreKind } from '../support/stores.ts'
import { turns, until } from '../support/until.ts'

const append = (client: Client, words: string): void =>
  client.edit(words, (doc) => doc.getText('text').insert(doc.getText('text').length, words))

const textOf = (doc: Y.Doc): string => doc.getText('text').toString()

/** Of the tests on one service. @returns what makes a page with one committed word */
const pagesOn = (kind: StoreKind) => {
  const shared = sharedService({}, kind)
  let count = 0
  return async () => {
    const { store, service } = shared()
    const room = `story/promises-${++count}`
    const author = await connectClient(service.collab, room, { user: 'ana' })
    append(author, 'once ')
    await author.settled()
    return { store, service, room, author }
  }
}

/** Long enough for an answer that needs no commit: another page's round trip through the same process. */
const roundTrip = async (collab: string): Promise<void> => {
  const other = await connectClient(collab, 'story/elsewhere')
  append(other, 'x')
  await other.settled()
  other.disconnect()
  await turns(20)
}

describe.each(postgresStores)('a client of scriptorium.v1 on $name', (kind) => {
  const beginPage = pagesOn(kind)

  it('hears saved only when the row is in the database', async () => {
    const { store, room, author } = await beginPage()
    for (let n = 0; n < 20; n++) {
      append(author, `word ${n} `)
      await author.settled()
      expect(textOf(await foldOf(store, room))).toBe(textOf(author.doc))
    }
  })

  it('hears nothing while the commit is held, though others read its words at once', async () => {
    const { store, service, room, author } = await beginPage()
    const reader = await connectClient(service.collab, room)
    const row = await holdCommits(store, room)
    append(author, 'upon ')
    await until('the reader to see it', () => textOf(reader.doc) === 'once upon ')
    await row.isWaitedFor()
    await roundTrip(service.collab)
    expect(author.saved).toBe(author.sent - 1)
    expect(textOf(await foldOf(store, room))).toBe('once ')
    await row.release()
    await author.settled()
    expect(textOf(await foldOf(store, room))).toBe('once upon ')
  })

  it('waits with a message that adds nothing for what the page holds uncommitted', async () => {
    const { store, service, room, author } = await beginPage()
    const repeater = await connectClient(service.collab, room)
    await repeater.settled()
    const row = await holdCommits(store, room)
    append(author, 'upon ')
    await until('the other to see it', () => textOf(repeater.doc) === 'once upon ')
    await row.isWaitedFor()
    repeater.sendUpdate(Y.encodeStateAsUpdate(repeater.doc), Sync.step2)
    await roundTrip(service.collab)
    expect(repeater.saved).toBe(repeater.sent - 1)
    await row.release()
    await repeater.settled()
    expect(textOf(await foldOf(store, room))).toBe('once upon ')
  })

  it('is answered a step 1 only after the commit of what its socket sent before; others at once', async () => {
    const { store, service, room, author } = await beginPage()
    const row = await holdCommits(store, room)
    append(author, 'upon ')
    await row.isWaitedFor()
    author.heard.length = 0
    author.sendStep1()
    const other = await connectClient(service.collab, room)
    expect(textOf(other.doc)).toBe('once upon ')
    await roundTrip(service.collab)
    expect(author.heard.filter((heard) => heard !== 'type 1')).toEqual([])
    await row.release()
    await until('the step 2', () => author.heard.includes('sync 1'))
    expect(author.heard.indexOf(`saved ${author.sent}`)).toBeLessThan(author.heard.indexOf('sync 1'))
  })

  it('is told its role and the size of the page before anything else, except the service’s own step 1', async () => {
    const { service, room, author } = await beginPage()
    expect(author.states).toEqual([{ role: 'manage', frozen: false, pageBytes: 0 }])
    const second = await connectClient(service.collab, room)
    expect(second.states).toHaveLength(1)
    expect(second.states[0]?.pageBytes).toBeGreaterThan(0)
    expect(second.heard.slice(0, 2).sort()).toEqual(['state', 'sync 0'])
  })

  it('is told by number what is refused, and what follows is settled', async () => {
    const { store, room, author } = await beginPage()
    const bad = author.sendUpdate(new Uint8Array([1, 2, 3, 4, 5]))
    const stranger = new Y.Doc()
    stranger.getText('text').insert(0, 'first')
    const gap = Y.encodeStateVector(stranger)
    stranger.getText('text').insert(5, ' second')
    const early = author.sendUpdate(Y.encodeStateAsUpdate(stranger, gap))
    append(author, 'upon ')
    await author.settled()
    expect(author.refusals.map(({ n }) => n)).toEqual([bad, early])
    expect(author.refusals[0]?.code).toBe('invalid')
    expect(['gap', 'stuck']).toContain(author.refusals[1]?.code)
    expect(textOf(await foldOf(store, room))).toBe('once upon ')
  })

  it('and its neighbours leave one part each in a batch, under the same seq', async () => {
    const { store, service, room, author } = await beginPage()
    const bo = await connectClient(service.collab, room, { user: 'bo' })
    const row = await holdCommits(store, room)
    append(author, 'a')
    await row.isWaitedFor()
    append(author, 'b')
    append(bo, 'c')
    await until('both to see all', () => [author, bo].every(({ doc }) => textOf(doc).length === 'once abc'.length))
    await row.release()
    await Promise.all([author.settled(), bo.settled()])
    const rows = await rowsOf(store, room)
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 3])
    expect(rows.map(({ author }) => author)).toEqual(['ana', 'ana', expect.any(String), expect.any(String)])
    expect(
      rows
        .slice(2)
        .map(({ author }) => author)
        .sort(),
    ).toEqual(['ana', 'bo'])
    expect(textOf(await foldOf(store, room))).toBe(textOf(bo.doc))
  })
})

describe.each(postgresStores.slice(0, 1))('a stock client on $name', (kind) => {
  const beginPage = pagesOn(kind)

  it('learns of the commit by asking: a step 1 waits for what it sent before', async () => {
    const { store, service, room } = await beginPage()
    const stock = stockClient(service.collab, room)
    await stock.synced()
    const row = await holdCommits(store, room)
    stock.doc.getText('text').insert(0, 'and ')
    await row.isWaitedFor()
    let isCommitted = false
    const asking = stock.committed().then(() => {
      isCommitted = true
    })
    await roundTrip(service.collab)
    expect(isCommitted).toBe(false)
    await row.release()
    await asking
    expect(textOf(await foldOf(store, room))).toBe('and once ')
  })
})
