/** Many sockets over two nodes that are started anew one after the other; SCRIPTORIUM_SOCKETS says how many. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { Client } from '../support/client.ts'
import { leaveOut } from '../support/left-out.ts'
import { freePort } from '../support/postgres.ts'
import { seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED, type Service, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { editsIn, missingFrom } from '../support/typists.ts'
import { until } from '../support/until.ts'

const SOCKETS = Number(process.env.SCRIPTORIUM_SOCKETS ?? (isFull ? 1000 : 0))
const A_ROOM = 5
const AT_ONCE = 100
const BACK_MS = 15_000
const PATIENCE_MS = 300_000
const EDITS_EVERY_MS = 50
const LONG = { timeout: 900_000 }
const HAS_PATIENCE = { withinMs: PATIENCE_MS }

if (SOCKETS === 0)
  leaveOut('1,000 sockets over two nodes, started anew: npm run test:full (10,000: npm run prove -- nodes)')

describe.runIf(SOCKETS > 0)(`${SOCKETS} sockets in ${SOCKETS / A_ROOM} rooms over two nodes`, () => {
  it('survive a rolling restart: nothing is lost, and all are back within 15 s', LONG, async () => {
    const random = seededRandom()
    const store = await anyPostgres().open()
    const ports = [await freePort(), await freePort()]
    const env = {
      ...store.env,
      ...AT_FULL_SPEED,
      NODE_SECRET: 'a secret of both nodes, long enough',
      MAX_USER_SOCKETS: '0',
      MAX_USER_PAGES: '0',
      MAX_WAITING_SOCKETS: '20000',
      SHUTDOWN_GRACE_MS: '60000',
      LOG_LEVEL: 'error',
    }
    const start = (port: number): Promise<Service> =>
      startService({ ...env, PORT: String(port), NODE_URL: `http://127.0.0.1:${port}` })
    const services = await Promise.all(ports.map(start))
    // A balancer that asks /readyz takes a node out once it drains.
    const ready = new Set(services)
    const someCollab = () => random.pick([...ready]).collab
    const clients = Array.from(
      { length: SOCKETS },
      (_, index) => new Client(someCollab(), `crowd/page-${Math.floor(index / A_ROOM)}`),
    )
    const write = (client: Client, label: string) => client.edit(label, (doc) => void doc.getMap('edits').set(label, 1))
    const seen = new Map(clients.map((client) => [client, 0]))
    const due = new Map<Client, number>()
    const awaySince = new Map<Client, number>()
    let longestMs = 0
    let isLively = false
    let edits = 0
    const living = setInterval(() => {
      if (isLively) write(random.pick(clients), `later-${edits++}`)
      const now = performance.now()
      for (const client of clients) {
        if (client.closings.length !== seen.get(client)) {
          seen.set(client, client.closings.length)
          if (!awaySince.has(client)) awaySince.set(client, now)
          due.set(client, now + comeBackMs(client, random.fraction()))
        } else if ((due.get(client) ?? Number.POSITIVE_INFINITY) <= now) {
          due.delete(client)
          client.connect(someCollab())
        } else if (client.isOpen && client.isSynced && awaySince.has(client)) {
          longestMs = Math.max(longestMs, now - (awaySince.get(client) ?? now))
          awaySince.delete(client)
        }
      }
    }, EDITS_EVERY_MS)
    onTestFinished(() => clearInterval(living))

    for (let at = 0; at < clients.length; at += AT_ONCE) {
      const some = clients.slice(at, at + AT_ONCE)
      for (const client of some) client.connect()
      await until('some to be synced', () => some.every((client) => client.isSynced), HAS_PATIENCE)
    }
    for (const [index, client] of clients.entries()) write(client, `first-${index}`)
    await until('all to be settled', () => clients.every((client) => client.isSettled), HAS_PATIENCE)

    isLively = true
    for (const [index, service] of services.entries()) {
      longestMs = 0
      ready.delete(service)
      await service.stop()
      const starting = start(ports[index] ?? 0)
      await until(
        'all to be back',
        () => awaySince.size === 0 && clients.every((client) => client.isSynced && client.isOpen),
        HAS_PATIENCE,
      )
      process.stdout.write(
        `node ${index + 1} was started anew: nobody was away for more than ${Math.round(longestMs)} ms\n`,
      )
      expect(longestMs).toBeLessThan(BACK_MS)
      services[index] = await starting
      ready.add(await starting)
    }
    isLively = false
    await until('all to be settled', () => clients.every((client) => client.isSettled), HAS_PATIENCE)
    clearInterval(living)
    const promised = new Map<string, Set<string>>()
    for (const client of clients) {
      const labels = promised.get(client.room) ?? new Set()
      for (const label of client.acknowledged) labels.add(label)
      promised.set(client.room, labels)
    }
    let count = 0
    for (const [room, labels] of promised) {
      expect(missingFrom(editsIn(await foldOf(store, room)), labels), room).toEqual([])
      count += labels.size
    }
    process.stdout.write(`${count} edits were acknowledged, all of them are there\n`)
    expect(count).toBeGreaterThanOrEqual(SOCKETS)
    for (const client of clients) client.disconnect()
    await Promise.all(services.map((service) => service.stop()))
  })
})

/** As the service says, or as a client does that was told nothing. */
const comeBackMs = (client: Client, fraction: number): number => {
  const { reason = '' } = client.closings.at(-1) ?? {}
  const told = reason.startsWith('{') ? (JSON.parse(reason) as { retryAfterMs?: number }).retryAfterMs : undefined
  return told ?? 300 + 1000 * fraction
}
