/** Two processes fold and compact, two write, on one PostgreSQL: nothing acknowledged is lost. */
import { expect, it } from 'vitest'
import { runCommand, startCommand } from '../support/command.ts'
import { untilEqual } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { seededRandom } from '../support/random.ts'
import { startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { editsIn, missingFrom, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'

const SECONDS = Number(process.env.SCRIPTORIUM_SECONDS ?? 10)
if (SECONDS < 60) leaveOut(`two that fold and two that write for ${SECONDS} s instead of 60: npm run prove -- fold`)
const ROOMS = ['race/1', 'race/2', 'race/1']

it(`two fold and two write for ${SECONDS} seconds: every acknowledged edit is there`, {
  timeout: SECONDS * 1000 + 180_000,
}, async () => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  // These fold as they write; the commands fold and join beside them.
  const env = { ...store.env, FOLD_ROWS: '5', FOLD_RATIO: '0.01' }
  const services = [await startService(env), await startService(env)]
  const groups = services.map(({ collab }) => {
    const group = new Typists(collab, ROOMS)
    group.connect(collab)
    group.start(random)
    return group
  })
  let isOver = false
  let rounds = 0
  const fold = async () => {
    while (!isOver) {
      const said = await startCommand(['compact', '--keep-originals', '0', '--verify', '--json'], store.env).ended
      expect(said.code, said.err + said.out).toBe(0)
      rounds++
    }
  }
  const folding = [fold(), fold()]
  const started = Date.now()
  await until('the time to be over', () => Date.now() - started > SECONDS * 1000, { withinMs: SECONDS * 1000 + 60_000 })
  await until('each to have folded', () => rounds >= 2, { withinMs: 60_000 })
  await Promise.all(groups.map((group) => group.stop()))
  isOver = true
  await Promise.all(folding)
  const clients = groups.flatMap((group) => group.clients)
  await until('everything to be settled', () => clients.every((client) => client.isSettled))
  for (const room of new Set(ROOMS)) {
    const its = clients.filter((client) => client.room === room)
    await untilEqual(its.map(({ doc }) => doc))
    const promised = new Set(groups.flatMap((group) => [...group.acknowledged(room)]))
    expect(promised.size).toBeGreaterThan(SECONDS * 10)
    for (const { collab } of services) {
      expect(missingFrom(editsIn(await readAfresh(collab, room)), promised)).toEqual([])
    }
  }
  for (const group of groups) group.disconnect()
  await Promise.all(services.map((service) => service.stop()))
  const examined = await runCommand(['doctor', '--json'], store.env)
  expect(JSON.parse(examined.out)).toMatchObject({ pages: 2, faults: 0, found: [] })
})
