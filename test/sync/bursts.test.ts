/** The fast paths under everything at once: merged relays, joins amid bursts, readers that do not read, evictions, folds. */
import { expect, it } from 'vitest'
import type * as Y from 'yjs'
import { Client, connectClient } from '../support/client.ts'
import { randomEdit } from '../support/edits.ts'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { metric } from '../support/metrics.ts'
import { startProxy } from '../support/proxy.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED, type Service, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { readAfresh, type StockClient, stockClient, stockVersions } from '../support/stock.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { turns, until } from '../support/until.ts'

const ROOM = 'story/crowd'
const ROUNDS = isFull ? 600 : 60
if (!isFull) leaveOut(`sync: ${ROUNDS} rounds of bursts instead of 600: npm run test:full`)
/** Folds are paced by what they cost, so a busy machine needs more rounds to see as many. */
const LEAST_FOLDS = 5
const MOST_ROUNDS = ROUNDS * 10
/** Folds whenever a few rows have gathered, and keeps no page that nobody has open. */
const EAGER = { ...AT_FULL_SPEED, FOLD_ROWS: '4', FOLD_RATIO: '0.001', FOLD_MAX_ROWS: '4', MAX_IDLE_ROOM_BYTES: '0' }

const namesSeenBy = ({ awareness }: StockClient): string[] =>
  [...awareness.getStates().values()].flatMap(({ name }) => (name === undefined ? [] : [String(name)])).sort()

/** Bursts of some writers; others come and go meanwhile, or join for the first time. */
const crowd = async (service: Service, people: StockClient[], random: Random): Promise<void> => {
  let folds = 0
  for (let round = 0; round < ROUNDS || (folds <= LEAST_FOLDS && round < MOST_ROUNDS); round++) {
    if (round >= ROUNDS && round % 10 === 0) folds = await metric(service.address, 'folds')
    const writer = random.pick(people)
    for (let edits = random.below(30); edits >= 0; edits--) randomEdit(writer.doc, random)
    writer.awareness.setLocalState({ name: `${people.indexOf(writer)} in round ${round}` })
    if (random.chance(0.1)) random.pick(people).disconnect()
    if (random.chance(0.2)) for (const one of people) one.connect()
    if (random.chance(0.06) && people.length < 25) {
      people.push(stockClient(service.collab, ROOM, { version: random.pick(stockVersions) }))
    }
    await turns(random.below(4))
  }
  for (const one of people) one.connect()
}

it('a crowd that writes in bursts, joins amid them, and comes and goes, ends with one page and sees who is there', async () => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...EAGER })
  const people = Array.from({ length: 8 }, (_, n) =>
    stockClient(service.collab, ROOM, { version: stockVersions[n % stockVersions.length] ?? '3.x' }),
  )
  await Promise.all(people.map((one) => one.synced()))
  await crowd(service, people, random)
  await until('all to be synced', () => people.every((one) => one.isSynced))
  await untilEqual(people.map(({ doc }) => doc))
  for (const [index, one] of people.entries()) one.awareness.setLocalState({ name: `${index} at last` })
  const gone = people.splice(0, 2)
  for (const one of gone) one.destroy()
  const present = people.map((_, index) => `${index + 2} at last`).sort()
  await until('everybody to see the newest of all who are here, and nobody else', () =>
    people.every((one) => JSON.stringify(namesSeenBy(one)) === JSON.stringify(present)),
  )
  expect(await metric(service.address, 'folds')).toBeGreaterThan(LEAST_FOLDS)
  const page = pageAsText((people[0] as StockClient).doc)
  await Promise.all(people.map((one) => one.committed()))
  for (const one of people) one.destroy()
  await until('the page to be closed', async () => (await metric(service.address, 'rooms')) === 0)
  expect(pageAsText(await readAfresh(service.collab, ROOM))).toBe(page)
  expect(pageAsText(await foldOf(store, ROOM))).toBe(page)
  await service.stop()
})

it('a reader whose line is held up is passed over, holds up nobody, and has everything when it reads on', async () => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...EAGER })
  const proxy = await startProxy('127.0.0.1', Number(new URL(service.address).port))
  const [writer, reader] = [await connectClient(service.collab, ROOM), await connectClient(service.collab, ROOM)]
  const slow = new Client(`ws://127.0.0.1:${proxy.port}/collab`, ROOM)
  slow.connect()
  await slow.synced()
  proxy.stall()
  const keys = (doc: Y.Doc): number => doc.getMap('blocks').size
  for (let n = 0; n < 400; n++) {
    writer.edit(`block ${n}`, (doc) => doc.getMap('blocks').set(`${n}`, random.bytes(50_000)))
    if (n % 20 === 0) await until('the other reader to keep up', () => keys(reader.doc) > n - 20)
  }
  await until('the other reader to have all', () => keys(reader.doc) === 400)
  await writer.settled()
  expect(await metric(service.address, 'readers_lagging')).toBeGreaterThan(0)
  expect(keys(slow.doc)).toBeLessThan(400)
  proxy.resume()
  await until('the slow one to have all', () => keys(slow.doc) === 400)
  writer.edit('more', (doc) => doc.getText('text').insert(0, 'and more'))
  await until('it to be read live again', () => slow.doc.getText('text').toString() === 'and more')
  expect(slow.closings).toEqual([])
  await service.stop()
})

it('a large first sync comes in parts to clients that know them, and is the page', async () => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...EAGER })
  const writer = await connectClient(service.collab, ROOM)
  for (let n = 0; n < 8; n++) {
    writer.edit(`${n}`, (doc) => doc.getMap('blocks').set(`${n}`, random.bytes(60_000)))
    await writer.settled()
  }
  await until('the page to be folded', async () => (await metric(service.address, 'folds')) > 0)
  const joiner = new Client(service.collab, ROOM)
  joiner.connect()
  await joiner.synced()
  expect(joiner.heard.filter((what) => what === 'part').length).toBeGreaterThan(2)
  expect(joiner.heard.indexOf('sync 1')).toBeGreaterThan(joiner.heard.lastIndexOf('part'))
  expect(pageAsText(joiner.doc)).toBe(pageAsText(writer.doc))
  expect(joiner.doc.getMap('blocks').size).toBe(8)
  await service.stop()
})
