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

/** In each of the twelve. */
const ROOMS = Number(process.env.SCRIPTORIUM_ROOMS ?? (isFull ? 20 : 3))
const ROUNDS = 10
const GONE_MS = 35_000
const COMPARED = 8
const NODES = 3
const NODE_SECRET = 'a secret of all nodes, long enough'
if (!isFull) leaveOut('cluster: all set-ups of three processes at full size: npm run test:full')
if (!hasRedis) leaveOut('cluster: the set-ups with Redis, for want of redis-server')

/** `memory`: pages converge by the look at the log. */
const CHANNELS = ['postgres', ...(hasRedis ? ['redis'] : []), 'memory']
const BALANCERS: readonly { readonly name: string; readonly choice: (random: Random) => Choice }[] = [
  { name: 'hashing', choice: () => byPath },
  { name: 'random', choice: atRandom },
]
const CLUSTERS = CHANNELS.flatMap((channel) => [true, false].map((isAddressable) => ({ channel, isAddressable })))
type Kind = (typeof CLUSTERS)[number]

interface Setup {
  readonly name: string
  readonly people: readonly Person[]
  readonly rooms: readonly string[]
  /** Whether everybody sees all who are on a page: nothing tells those in another process where there is no channel. */
  readonly isSeen: boolean
}

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1)

/** Runs three processes of one kind behind both balancers. @returns lines that say how it went */
const runCluster = async ({ channel, isAddressable }: Kind, random: Random): Promise<string[]> => {
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
    BALANCERS.map(async ({ name, choice }): Promise<Setup> => {
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
  const lines = await Promise.all(
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
      return equal
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
  lines.push(`${kind}: the ${dead} with the process that died were gone after ${seconds(killedAt)} s`)
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
  return lines
}

it(`three processes keep ${ROOMS} pages equal in each of ${2 * CLUSTERS.length} set-ups, show who is where, and forget who was with one that died`, {
  timeout: 400_000,
}, async () => {
  const random = seededRandom()
  const since = performance.now()
  // Most of the time goes into waiting for the dead to be gone; at full size six processes at once are enough.
  const waves = isFull ? CHANNELS.map((channel) => CLUSTERS.filter((kind) => kind.channel === channel)) : [CLUSTERS]
  const lines: string[] = []
  for (const wave of waves) lines.push(...(await Promise.all(wave.map((kind) => runCluster(kind, random)))).flat())
  process.stdout.write(`${lines.join('\n')}\nall of it took ${seconds(since)} s\n`)
})
