import { expect, it, onTestFinished } from 'vitest'
import { type Client, connectClient } from '../support/client.ts'
import { createPostgres } from '../support/postgres.ts'
import { type Service, startService } from '../support/service.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { foldOf, postgresStoreAt } from '../support/stores.ts'
import { until } from '../support/until.ts'

const ROOM = 'story/back'

const write = (client: Client, words: string): void =>
  client.edit(words, (doc) => doc.getText('text').insert(doc.getText('text').length, words))

it('a database put back in time under a running service gets back all that its clients still hold', {
  timeout: 120_000,
}, async () => {
  const postgres = await createPostgres()
  onTestFinished(postgres.remove)
  const store = postgresStoreAt(postgres.url)
  const service = await startService(store.env)
  const author = await connectClient(service.collab, ROOM, { user: 'ana' })
  const stock = stockClient(service.collab, ROOM)
  await stock.synced()
  for (const word of ['once ', 'upon ']) {
    write(author, word)
    await author.settled()
  }
  const copy = await postgres.keepCopy()
  for (const word of ['a ', 'time ', 'there ']) {
    write(author, word)
    await author.settled()
  }
  await until('the other to read all', () => stock.doc.getText('text').toString() === 'once upon a time there ')
  await postgres.goBack(copy, () => expect(author.closings).toEqual([]))
  await until('the service to tell its members to come again', () => author.closings.length > 0)
  expect(author.closings[0]?.code).toBe(1012)
  author.connect(service.collab)
  await author.synced()
  await author.settled()
  write(author, 'was')
  await author.settled()
  const whole = 'once upon a time there was'
  await until('the stock client to come back by itself', () => stock.isSynced)
  await until('it to read all', () => stock.doc.getText('text').toString() === whole)
  author.disconnect()
  stock.destroy()
  expect((await readAfresh(service.collab, ROOM)).getText('text').toString()).toBe(whole)
  expect((await foldOf(store, ROOM)).getText('text').toString()).toBe(whole)
  await service.stop()
})

it('whoever comes back to a page that nobody had open meanwhile is told saved only once its database has it again', {
  timeout: 120_000,
}, async () => {
  const postgres = await createPostgres()
  onTestFinished(postgres.remove)
  const store = postgresStoreAt(postgres.url)
  const service = await startService(store.env)
  const ana = await connectClient(service.collab, ROOM)
  write(ana, 'once ')
  await ana.settled()
  const copy = await postgres.keepCopy()
  write(ana, 'upon ')
  await ana.settled()
  await postgres.goBack(copy, () => ana.disconnect())
  await until('the service to reach its database', async () => (await fetch(`${service.address}/readyz`)).ok)
  ana.connect(service.collab)
  await ana.synced()
  await ana.settled()
  expect((await foldOf(store, ROOM)).getText('text').toString()).toBe('once upon ')
  await service.stop()
})

/** One of two processes sleeps while the database goes back, and `since` edits come before it wakes. */
const wakeAfter = async (since: number): Promise<void> => {
  const postgres = await createPostgres()
  onTestFinished(postgres.remove)
  const store = postgresStoreAt(postgres.url)
  const services = await Promise.all([startService(store.env), startService(store.env)])
  const [asleep, awake] = services as [Service, Service]
  const ana = await connectClient(asleep.collab, ROOM)
  write(ana, 'once ')
  await ana.settled()
  const copy = await postgres.keepCopy()
  for (const word of ['upon ', 'a ', 'time ']) {
    write(ana, word)
    await ana.settled()
  }
  asleep.signal('SIGSTOP')
  await postgres.goBack(copy)
  const ben = await connectClient(awake.collab, ROOM)
  await until('ben to read what is left', () => ben.doc.getText('text').toString() === 'once ')
  for (let n = 0; n < since; n++) {
    write(ben, `${n} `)
    await ben.settled()
  }
  asleep.signal('SIGCONT')
  write(ana, 'there was ')
  await until('ana to be told to come again', () => ana.closings.some(({ code }) => code === 1012))
  ana.connect(asleep.collab)
  await ana.settled()
  const words = ['once ', 'upon ', 'a ', 'time ', 'there was ', ...Array.from({ length: since }, (_, n) => `${n} `)]
  const areAll = (text: string) => words.every((word) => text.includes(word))
  await until('both to read all', () => [ana, ben].every(({ doc }) => areAll(doc.getText('text').toString())))
  expect((await foldOf(store, ROOM)).getText('text').toString()).toBe(ben.doc.getText('text').toString())
  expect(await store.query('SELECT seq FROM scriptorium.quarantine')).toEqual([])
  await Promise.all(services.map((service) => service.stop()))
}

it('with two processes, of which one sees the database go back, the other finds that it did, though it has the same seq as before, or a higher one', {
  timeout: 120_000,
}, async () => {
  await Promise.all([3, 5].map(wakeAfter))
})
