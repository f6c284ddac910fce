import { describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { connectClient } from '../support/client.ts'
import { haproxy, isInstalled, nginx, startFront } from '../support/front-program.ts'
import { leaveOut } from '../support/left-out.ts'
import { membersHere } from '../support/members.ts'
import { seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres } from '../support/stores.ts'
import { expectNothingLost, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'

const STORY = 'ein Buch'
const named = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${STORY}/${name}-${index}`)
const pathOf = (room: string) => room.replace(' ', '%20')
const ROOMS = named(12, 'page')
const PATHS = ROOMS.map(pathOf)
/** Each open to one who only reads. Ports decide which node has a page: of a dozen one node may have none. */
const READ_ROOMS = named(48, 'read')
const IDLE_MS = 70_000

const LONG = { timeout: 300_000 }
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const fronts = [nginx, haproxy].filter((front) => {
  if (!isInstalled(front)) leaveOut(`the shipped settings of ${front.name}: ${front.path} is not installed`)
  return isInstalled(front)
})

describe('nodes behind the shipped settings of nginx and HAProxy', () => {
  it('have all that is about a page at one of them, share the pages, and bridge a node that drains', LONG, async () => {
    if (fronts.length === 0) return
    const random = seededRandom()
    const store = await anyPostgres().open()
    const env = { ...store.env, ...AT_FULL_SPEED, TRUSTED_PROXIES: '127.0.0.1', MAX_USER_PAGES: '0' }
    const services = await Promise.all([startService(env), startService(env), startService(env)])
    const addresses = services.map((service) => service.address)
    const members = () => Promise.all(addresses.map((address) => membersHere(address, STORY)))
    for (const front of fronts) {
      const address = await startFront(front, addresses)
      const collab = `${address.replace('http', 'ws')}/collab`
      const typists = new Typists(
        collab,
        PATHS.flatMap((path) => [path, path, path]),
      )
      typists.connect(collab)
      typists.stayConnected()
      typists.start(random)
      await until('everybody to be there and to type', () =>
        typists.clients.every((client) => client.isSynced && client.acknowledged.size > 3),
      )
      const readers = await Promise.all(READ_ROOMS.map((room) => connectClient(collab, pathOf(room))))
      const counts = await members()
      for (const reader of readers) reader.disconnect()
      for (const room of ROOMS) {
        expect(counts.map((ofNode) => ofNode.get(room) ?? 0).sort(), front.name).toEqual([0, 0, 3])
      }
      expect(counts.map((ofNode) => [...ofNode.values()].some((count) => count > 0))).toEqual([true, true, true])
      expect((await call(address, 'GET', '/stories/ein%20Buch/pages/page-0/history')).status).toBe(200)

      const before = typists.acknowledgedCount
      await services[0]?.stop()
      await until('edits to be acknowledged again', () => typists.acknowledgedCount > before + 100)
      await expectNothingLost(typists, collab)
      typists.disconnect()
      if (isFull) {
        const idle = await connectClient(collab, PATHS[0] ?? '')
        await pause(IDLE_MS)
        expect(idle.closings).toEqual([])
        idle.disconnect()
      } else leaveOut(`an idle socket for ${IDLE_MS / 1000} s behind ${front.name}: npm run test:full`)
      if (front === fronts.at(-1)) continue
      services[0] = await startService({ ...env, PORT: new URL(addresses[0] ?? '').port })
    }
    await Promise.all(services.slice(1).map((service) => service.stop()))
  })
})
