import { expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { connectClient } from '../support/client.ts'
import { listenTo } from '../support/events.ts'
import { membersHere, membersOf } from '../support/members.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const PAGES = Array.from({ length: 6 }, (_, n) => `s/page-${n}`)
const PATIENCE = { withinMs: 60_000 }

const written = async (collab: string, room: string) => {
  const client = await connectClient(collab, room)
  client.edit('words', (doc) => doc.getText('t').insert(0, 'here'))
  await client.settled()
  return client
}

it('who is on a page now is told by each process for all, until they leave or their process dies', async () => {
  const store = await anyPostgres().open()
  const services = await Promise.all([startService(store.env), startService(store.env)])
  const [one, two] = services
  const [ana] = [await written(one.collab, 's/both'), await connectClient(one.collab, 's/both')]
  await connectClient(two.collab, 's/both')
  await written(two.collab, 's/second')
  const areOn = (address: string, both: number, second: number) => async () => {
    const members = await membersOf(address, 's')
    return members.get('s/both') === both && members.get('s/second') === second
  }
  for (const { address } of services) await until('both to count all', areOn(address, 3, 1), PATIENCE)
  expect(await membersHere(one.address, 's')).toEqual(new Map([['s/both', 2]]))
  const seen = (await call(one.address, 'GET', '/admin/rooms/s/both')).body
  expect([seen.open.members, seen.elsewhere, seen.people.length]).toEqual([3, 1, 3])
  const away = (await call(one.address, 'GET', '/admin/rooms/s/second')).body
  expect([away.open.members, away.elsewhere, away.people.length]).toEqual([1, 1, 1])
  const events = await listenTo(`${one.address}/api/v1/admin/events`)
  await until('the figures to count all', () => events.all.some(({ data }) => data.people === 4), PATIENCE)
  events.close()

  ana?.disconnect()
  for (const { address } of services) await until('one to be gone', areOn(address, 2, 1), PATIENCE)
  await two.kill('SIGKILL')
  await until('those with the dead process to be gone', areOn(one.address, 1, 0), PATIENCE)
  await one.stop()
})

it('with workers, whichever is asked of a story or a page counts those of all', async () => {
  const service = await startService({ ...(await anyPostgres().open()).env, WORKERS: '2' })
  await Promise.all(PAGES.map((room) => written(service.collab, room)))
  await until(
    'somebody to be counted on each page',
    async () => {
      const members = await membersOf(service.address, 's')
      return PAGES.every((room) => members.get(room) === 1)
    },
    PATIENCE,
  )
  await Promise.all(
    PAGES.map(async (room) => {
      const { body } = await call(service.address, 'GET', `/admin/rooms/${room}`)
      expect([body.open?.members, body.people.length], room).toEqual([1, 1])
      expect((await call(service.address, 'POST', `/admin/rooms/${room}/close`)).body.closed).toBe(1)
    }),
  )
  await service.stop()
})
