import { describe, expect, it } from 'vitest'
import type { Doc } from 'yjs'
import { connectClient } from '../support/client.ts'
import { leaveOut } from '../support/left-out.ts'
import { holdCommits } from '../support/lock.ts'
import { seededRandom } from '../support/random.ts'
import { type Service, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres, foldOf, pgliteStore, rowsOf, type StoreKind } from '../support/stores.ts'
import { editsIn, missingFrom, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'

const ROUNDS = isFull ? 10 : 4
if (!isFull) leaveOut(`durability: ${ROUNDS} rounds of kill -9 instead of 10: npm run test:full`)
const ROOMS = ['story/one', 'story/one', 'story/one', 'story/one', 'story/two', 'story/two', 'story/two', 'story/two']
const ALONE = ['story/three', 'story/four']
const TEST_MS = 120_000

const textOf = (doc: Doc): string => doc.getText('text').toString()

/** Types until some edits are acknowledged, and kills the service in the middle. */
const typeAndKill = async (service: Service, typists: Typists, goal: number): Promise<void> => {
  await until('edits to be acknowledged', () => typists.acknowledgedCount >= goal)
  await service.kill('SIGKILL')
}

const expectKept = async (collab: string, typists: Typists): Promise<void> => {
  for (const room of new Set([...ROOMS, ...ALONE])) {
    const kept = editsIn(await readAfresh(collab, room))
    expect(missingFrom(kept, typists.acknowledged(room))).toEqual([])
  }
}

describe.each([pgliteStore, anyPostgres()])('an edit acknowledged by a service on $name', ({ open }: StoreKind) => {
  it(`survives kill -9 while ten clients type, with all clients gone, ${ROUNDS} times over`, {
    timeout: TEST_MS,
  }, async () => {
    const random = seededRandom()
    process.stdout.write(`kill -9, ${ROUNDS} rounds, seed ${random.seed}\n`)
    const store = await open()
    let service = await startService(store.env)
    for (let round = 0; round < ROUNDS; round++) {
      const typists = new Typists(service.collab, [...ROOMS, ...ALONE])
      typists.connect(service.collab)
      typists.start(random)
      await typeAndKill(service, typists, 50 + random.below(400))
      await typists.stop()
      typists.disconnect()
      service = await startService(store.env)
      await expectKept(service.collab, typists)
    }
    await service.stop()
  })
})

describe.each([anyPostgres()])('words that only another reader has seen, on $name,', ({ open }: StoreKind) => {
  it('are saved when that reader returns after the service was killed before the commit, and their author never does', async () => {
    const room = 'story/words'
    const store = await open()
    const service = await startService(store.env)
    const author = await connectClient(service.collab, room, { user: 'ana' })
    const reader = await connectClient(service.collab, room, { user: 'bo' })
    author.edit('first', (doc) => doc.getText('text').insert(0, 'once '))
    await Promise.all([author.settled(), reader.settled()])
    const row = await holdCommits(store, room)
    author.edit('second', (doc) => doc.getText('text').insert(5, 'upon a time'))
    await until('the reader to see the words', () => textOf(reader.doc) === 'once upon a time')
    await row.isWaitedFor()
    await service.kill('SIGKILL')
    author.disconnect()
    reader.disconnect()
    expect(author.acknowledged).toEqual(new Set(['first']))
    await untilBackendsGone(store.query)
    await row.release()
    expect(await rowsOf(store, room)).toHaveLength(1)
    const restarted = await startService(store.env)
    reader.connect(restarted.collab)
    await reader.synced()
    await reader.settled()
    reader.disconnect()
    expect(textOf(await foldOf(store, room))).toBe('once upon a time')
    expect(textOf(await readAfresh(restarted.collab, room))).toBe('once upon a time')
  })
})

/** A killed service leaves a statement that waits for the row; it must not be written after all. */
const untilBackendsGone = async (
  query: <R>(text: string, values?: readonly unknown[]) => Promise<R[]>,
): Promise<void> => {
  await until('the statements of the killed service to be gone', async () => {
    const rows = await query<{ pid: number }>(
      `SELECT pg_terminate_backend(pid) AS pid FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'scriptorium'`,
    )
    return rows.length === 0
  })
}
