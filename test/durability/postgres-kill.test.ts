import { expect, it, onTestFinished } from 'vitest'
import { createPostgres } from '../support/postgres.ts'
import { seededRandom } from '../support/random.ts'
import { startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { foldOf, postgresStoreAt, rowsOf } from '../support/stores.ts'
import { editsIn, missingFrom, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'

const ROUNDS = 10
const ROOM = 'story/one'

it('PostgreSQL killed -9 and restarted under the service loses no acknowledged edit, and needs no restart of the service', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom()
  process.stdout.write(`PostgreSQL killed, ${ROUNDS} rounds, seed ${random.seed}\n`)
  const postgres = await createPostgres()
  onTestFinished(postgres.remove)
  const store = postgresStoreAt(postgres.url)
  const service = await startService(store.env)
  const typists = new Typists(
    service.collab,
    Array.from({ length: 10 }, () => ROOM),
  )
  typists.connect(service.collab)
  for (let round = 0; round < ROUNDS; round++) {
    const before = typists.acknowledgedCount
    typists.start(random)
    await until('edits to be acknowledged', () => typists.acknowledgedCount > before + 50 + random.below(200))
    await postgres.kill()
    await postgres.start()
    const atRestart = typists.acknowledgedCount
    await until('edits to be acknowledged again', () => typists.acknowledgedCount > atRestart + 50)
    await typists.stop()
  }
  await until('everything to be settled', () => typists.clients.every((client) => client.isSettled))
  const typed = new Set(typists.clients.flatMap(({ doc }) => [...editsIn(doc)]))
  expect(typists.acknowledged(ROOM).size).toBe(typed.size)
  typists.disconnect()
  expect(missingFrom(editsIn(await readAfresh(service.collab, ROOM)), typed)).toEqual([])
  expect(missingFrom(editsIn(await foldOf(store, ROOM)), typed)).toEqual([])
  const rows = await rowsOf(store, ROOM)
  const seqs = [...new Set(rows.map(({ seq }) => seq))]
  expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  await service.stop()
})
