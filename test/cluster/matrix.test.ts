/**
 * Three processes in every set-up that several may have: each channel, nodes that reach each other and nodes that do not,
 * behind a balancer that hashes the path and behind one that chooses at random.
 */
import { expect, it } from 'vitest'
import { atRandom, byPath, type Choice, startBalancer } from '../support/balancer.ts'
import { pageAsText } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { freePort } from '../support/postgres.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import {
  answeredOrLost,
  gapsIn,
  gather,
  loseWithSocket,
  type Person,
  scribble,
  startNodes,
  untilAllEqual,
  untilAllSeen,
} from './crowd.ts'

/** Where so many are asked for, one set-up runs after the other: each has the machine for itself. */
const ASKED_ROOMS = process.env.SCRIPTORIUM_ROOMS
/** In each of the twelve. */
const ROOMS = Number(ASKED_ROOMS ?? (isFull ? 20 : 3))
const ROUNDS = 10
const GONE_MS = 35_000
const COMPARED = 8
const NODES = 3
const NODE_SECRET = 'a secret of all nodes, long enough'
if (ASKED_ROOMS === undefined)
  leaveOut(
    `cluster: all set-ups of three processes with 200 pages: npm run prove -- matrix${isFull ? '' : ' (20: npm run test:full)'}`,
  )
if (!hasRedis) leaveOut('cluster: the set-ups with Redis, for want of redis-server')

/** `memory`: pages converge by the look at the log. */
const CHANNELS = ['postgres', ...(hasRedis ? ['redis'] : []), 'memory']
const BALANCERS: readonly { readonly name: string; readonly choice: (random: Random) => Choice }[] = [
  { name: 'hashing', choice: () => byPath },
  { name: 'random', choice: atRandom },
]
const KINDS = CHANNELS.flatMap((channel) => [true, false].map((isAddressable) => ({ channel, isAddressable })))

/** Three processes of one kind, and the balancers before them. */
interface Cluster {
  readonly channel: string
  readonly isAddressable: boolean
  readonly balancers: typeof BALANCERS
}

const CLUSTERS = KINDS.map((kind): Cluster => ({ ...kind, balancers: BALANCERS }))

/** What runs at once, and then what follows. Most of the time goes into waiting for the dead to be gone. */
const waves = (): Cluster[][] => {
  if (ASKED_ROOMS !== undefined)
    return KINDS.flatMap((kind) => BALANCERS.map((balancer) => [{ ...kind, balancers: [balancer] }]))
  return isFull ? CHANNELS.map((channel) => CLUSTERS.filter((cluster) => cluster.channel === channel)) : [CLUSTERS]
}

interface Setup {
  readonly name: string
  readonly people: readonly Person[]
  readonly rooms: readonly string[]
  /** Whether everybody sees all who are on a page: nothing tells those in another process where there is no channel. */
  readonly isSeen: boolean
}

const say = (line: string) => process.stdout.write(`${line}\n`)
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1)

/** Runs three processes of one kind, and says how it went. */
const runCluster = async ({ channel, isAddressable, balancers }: Cluster, random: Random): Promise<void> => {
  const kind = `${channel}, ${isAddressable ? 'addressable' : 'anonymous'}`
  const store = await anyPostgres().open()
  const CHANNEL = channel === 'redis' ? (await startRedis()).url : channel
  const ports = await Promise.all(Array.from({ length: NODES }, () => freePort()))
  const services = await startNodes(store, (at) => ({
    CHANNEL,
    MAX_USER_SOCKETS: '0',
    MAX_USER_PAGES: '0',
    ...(isAddressable ? { PORT: `${ports[at]}`, NODE_URL: `http://127.0.0.1:${ports[at]}`, NODE_SECRET } : {}),
  }))
  const setups = await Promise.all(
    balancers.map(async ({ name, choice }): Promise<Setup> => {
      const balancer = await startBalancer(
        services.map(({ address }) => address),
        choice(random),
      )
      const rooms = Array.from({ length: ROOMS }, (_, index) => `story/${name}-${index}`)
      const isSeen = channel !== 'memory' || isAddressable || name === 'hashing'
      return { name: `${kind}, ${name}`, people: await gather(balancer.collab, rooms), rooms, isSeen }
    }),
  )
  const everybody = setups.flatMap(({ people }) => people)
  await scribble(everybody, random, ROUNDS)
  await Promise.all(
    setups.map(async ({ name, people, rooms, isSeen }) => {
      const since = performance.now()
      await untilAllEqual(`all pages to be equal: ${name}`, people)
      const equal = `${name}: ${rooms.length} rooms, ${people.length} clients, equal after ${seconds(since)} s`
      if (isSeen) await untilAllSeen(`everybody to be seen: ${name}`, people)
      await Promise.all(people.map((person) => person.committed()))
      expect(await gapsIn(store, rooms), name).toEqual([])
      for (const room of rooms.slice(0, COMPARED)) {
        const held = people.find((person) => person.room === room)
        expect(pageAsText(await foldOf(store, room)), name).toBe(held && pageAsText(held.doc))
      }
      say(equal)
    }),
  )

  loseWithSocket(everybody)
  const killedAt = performance.now()
  await services[0]?.kill('SIGKILL')
  await answeredOrLost(everybody)
  const left = () => everybody.filter(({ comesBack }) => comesBack)
  const dead = everybody.length - left().length
  expect(dead).toBeGreaterThan(0)
  await Promise.all(
    setups.map(async ({ name, people, isSeen }) => {
      if (isSeen) await untilAllSeen(`those with the dead process to be gone: ${name}`, people, GONE_MS)
    }),
  )
  say(`${kind}: the ${dead} with the process that died were gone after ${seconds(killedAt)} s`)
  await scribble(left(), random, 2)
  await untilAllEqual(`the rest to be equal: ${kind}`, everybody)
  await Promise.all(left().map((person) => person.committed()))
  expect(
    await gapsIn(
      store,
      setups.flatMap(({ rooms }) => rooms),
    ),
    kind,
  ).toEqual([])
  await Promise.all(services.slice(1).map((service) => service.stop()))
  for (const person of everybody) person.destroy()
}

it(`three processes keep ${ROOMS} pages equal in each of ${BALANCERS.length * KINDS.length} set-ups, show who is where, and forget who was with one that died`, {
  timeout: ASKED_ROOMS === undefined ? 400_000 : 3_600_000,
}, async () => {
  const random = seededRandom()
  const since = performance.now()
  for (const wave of waves()) await Promise.all(wave.map((cluster) => runCluster(cluster, random)))
  say(`all of it took ${seconds(since)} s`)
})
