/** Restores beside people who write, on the real service. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { askAt, pageAt, updateOf } from '../support/archive-api.ts'
import { connectClient } from '../support/client.ts'
import { pageAsText } from '../support/equal.ts'
import { seededRandom } from '../support/random.ts'
import { type Service, startService } from '../support/service.ts'
import { stockClient, stockVersions } from '../support/stock.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { turns, until } from '../support/until.ts'

const PAGE = '/stories/s1/pages/p1'
const TYPISTS = 20

const start = async (env: Readonly<Record<string, string>>): Promise<Service> => {
  const service = await startService(env)
  onTestFinished(() => service.stop())
  return service
}

describe('a restore', () => {
  it('asked for twice at the same instant, on two processes, is done once: the other is told', async () => {
    const { env } = await anyPostgres().open()
    const services = [await start(env), await start(env)]
    const [one] = services.map(({ address }) => askAt(address))
    if (one === undefined) throw new Error('no service')
    const doc = new Y.Doc()
    await one(`POST ${PAGE}/updates`, { body: updateOf((d) => d.getText('t').insert(0, 'the beginning'), doc) })
    const { id } = (await one(`POST ${PAGE}/versions`, { body: {} })).body
    await one(`POST ${PAGE}/updates`, { body: updateOf((d) => d.getText('t').delete(0, 13), doc) })
    const asked = services.flatMap(({ address }) => [1, 2, 3].map(() => askAt(address)))
    const answers = await Promise.all(asked.map((ask) => ask(`POST ${PAGE}/restore`, { body: { version: id } })))
    const done = answers.filter(({ status, body }) => status === 200 && body.version !== null)
    const told = answers.filter(({ status, body }) => status === 409 || (status === 200 && body.version === null))
    expect([done.length, told.length]).toEqual([1, answers.length - 1])
    for (const { address } of services) {
      expect((await pageAt(address, PAGE)).getText('t').toString()).toBe('the beginning')
    }
  })

  it(`beside ${TYPISTS} stock clients that type keeps every word they type meanwhile, and reaches other processes`, async () => {
    const random = seededRandom()
    const store = await anyPostgres().open()
    const [here, there] = [await start(store.env), await start(store.env)]
    const ask = askAt(here.address)
    const clients = Array.from({ length: TYPISTS }, (_, index) =>
      stockClient((index % 2 === 0 ? here : there).collab, 's1/p1', { version: random.pick(stockVersions) }),
    )
    for (const client of clients) await client.synced()
    clients[0]?.doc.getText('text').insert(0, 'The old words. ')
    await clients[0]?.committed()
    const { id } = (await ask(`POST ${PAGE}/versions`, { body: {} })).body
    clients[0]?.doc.getText('text').delete(0, 4)
    await clients[0]?.committed()

    let isTyping = true
    let phase = 'before'
    const typed: string[] = []
    const typing = clients.map(async ({ doc }, index) => {
      const text = doc.getText('text')
      for (let count = 0; isTyping; count++) {
        const word = `«${index}.${count}»`
        text.insert(random.below(text.length + 1), word)
        if (phase === 'after') typed.push(word)
        await new Promise((resolve) => setTimeout(resolve, 5 + random.below(10)))
        await turns(1)
      }
    })
    await until('words to be there', () => (clients[1]?.doc.getText('text').length ?? 0) > 500)
    const answer = await ask(`POST ${PAGE}/restore?user=mod`, { body: { version: id } })
    phase = 'after'
    expect(answer.status).toBe(200)
    await until('more words', () => typed.length > 200)
    isTyping = false
    await Promise.all(typing)
    for (const client of clients) await client.committed()
    await until('all to be equal', () => new Set(clients.map(({ doc }) => pageAsText(doc))).size === 1, {
      withinMs: 30_000,
    })
    const found = (await pageAt(here.address, PAGE)).getText('text').toString()
    expect(found).toBe(clients[0]?.doc.getText('text').toString())
    expect((await foldOf(store, 's1/p1')).getText('text').toString()).toBe(found)
    const letters = (words: string) => [...words].filter((letter) => /[A-Za-z ]/.test(letter)).join('')
    expect(letters(found)).toBe('The old words ')
    const count = (word: string) => found.split(word).length - 1
    const broken = typed.filter((word) => count(word) > 1 || (count(word) === 0 && !isInterleaved(found, word)))
    expect(broken).toEqual([])
  })

  it('reaches a client that comes back with words of its own', async () => {
    const { env } = await anyPostgres().open()
    const service = await start(env)
    const ask = askAt(service.address)
    const late = await connectClient(service.collab, 's1/p1', { user: 'late' })
    late.edit('1', (doc) => doc.getText('t').insert(0, 'one two'))
    await late.settled()
    const { id } = (await ask(`POST ${PAGE}/versions`, { body: {} })).body
    late.disconnect()
    late.edit('2', (doc) => doc.getText('t').insert(7, ' offline'))
    const other = await connectClient(service.collab, 's1/p1')
    other.edit('3', (doc) => doc.getText('t').delete(0, 4))
    await other.settled()
    expect((await ask(`POST ${PAGE}/restore`, { body: { version: id } })).status).toBe(200)
    await until('the restore to arrive', () => other.doc.getText('t').toString() === 'one two')
    late.connect()
    await late.synced()
    await late.settled()
    for (const { doc } of [late, other]) {
      await until('both to be equal', () => doc.getText('t').toString() === 'one two offline')
    }
  })
})

/** Whether the letters of a word are there in order, with others' words between. */
const isInterleaved = (text: string, word: string): boolean => {
  let at = -1
  for (const letter of word) {
    at = text.indexOf(letter, at + 1)
    if (at < 0) return false
  }
  return true
}
