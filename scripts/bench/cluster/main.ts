/** What it costs to share the work among processes: two workers beside one process, and a socket that is passed on. */
import { Agent, request } from 'node:http'
import type { Releases } from '../../../server/release.ts'
import { openDatabase } from '../database.ts'
import type { TypingJob, TypingResult } from '../load/jobs.ts'
import { runLoad } from '../load-process.ts'
import { canMeasure } from '../proc.ts'
import { releasing } from '../releasing.ts'
import { cpuOf, type Measured, startOne, startTwo } from './services.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const RUNS = 3
/** As S2 types. */
const PAIRS = { rooms: 500, clientsPerRoom: 2, writersPerRoom: 2, rate: 5000 }
const CROWD = { rooms: 1, clientsPerRoom: 50, writersPerRoom: 10, rate: 2000 }
const SECONDS = 10
/** A worker of two has half the calls, so its code is compiled later: its CPU an update falls for most of a minute. */
const WARMUP_SECONDS = 60
/** Both ways of a socket have the same calls. */
const PIPED_WARMUP_SECONDS = 20
const REQUESTS = 2000

interface Typed {
  readonly perUpdate: number
  readonly perDelivery: number
  readonly savedP50: number
  readonly relayP50: number
}

/** Runs the suite. @returns 0, or 1 when a figure missed its mark */
export const run = async (): Promise<number> => {
  if (!canMeasure) {
    say('CPU of other processes is measured on Linux only.')
    return 0
  }
  const marks = [await workers(), await pipes()]
  await connections()
  return marks.every(Boolean) ? 0 : 1
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

const row = (what: string, value: number, unit: string): void =>
  say(`    ${what.padEnd(46)}${value.toFixed(2).padStart(9)} ${unit}`)

const mark = (what: string, value: number, most: number): boolean => {
  const reached = value <= most
  say(`  ${reached ? ' ' : '!'} ${what.padEnd(46)}${value.toFixed(2).padStart(9)} times (at most ${most})`)
  return reached
}

/** Each run has a database and services of its own; the kinds take turns. */
const compared = async (
  kinds: Readonly<Record<string, (prefix: string, database: string, releases: Releases) => Promise<Measured>>>,
  shape: typeof PAIRS,
  warmupSeconds: number,
): Promise<Record<string, Typed>> => {
  const found = new Map<string, Typed[]>()
  for (let round = 0; round < RUNS; round++) {
    for (const [kind, start] of Object.entries(kinds)) {
      await releasing(async (releases) => {
        const database = await openDatabase(releases)
        const prefix = `bench/cluster-${round}`
        const typed = await type(await start(prefix, database.url, releases), prefix, shape, warmupSeconds, releases)
        found.set(kind, [...(found.get(kind) ?? []), typed])
      })
    }
  }
  const middles = [...found].map(([kind, all]) => {
    const of = (key: keyof Typed) => middle(all.map((one) => one[key]))
    const typed: Typed = {
      perUpdate: of('perUpdate'),
      perDelivery: of('perDelivery'),
      savedP50: of('savedP50'),
      relayP50: of('relayP50'),
    }
    say(`  ${kind}`)
    row('CPU an update', typed.perUpdate, 'µs')
    row('CPU a delivery', typed.perDelivery, 'µs')
    row('saved p50', typed.savedP50, 'ms')
    row('relay p50', typed.relayP50, 'ms')
    return [kind, typed] as const
  })
  return Object.fromEntries(middles)
}

const type = async (
  service: Measured,
  prefix: string,
  shape: typeof PAIRS,
  warmupSeconds: number,
  releases: Releases,
): Promise<Typed> => {
  const { rate, ...people } = shape
  let before = 0
  let after = 0
  const job: TypingJob = {
    kind: 'typing',
    endpoint: { base: service.base, dialect: 'scriptorium', client: null, storage: null },
    prefix,
    seed: 1,
    ...people,
    pace: { rate },
    presence: null,
    looksAtStorage: false,
    edits: Math.ceil((rate * (warmupSeconds + SECONDS)) / (people.rooms * people.writersPerRoom)),
    warmupSeconds,
    seconds: SECONDS,
  }
  const result = await runLoad<TypingResult>(job, releases, (stage) => {
    if (stage === 'measure') before = cpuOf(service)
    if (stage === 'measured') after = cpuOf(service)
  })
  const us = (after - before) * 1000
  return {
    perUpdate: us / (result.savedInTime ?? result.sent),
    perDelivery: us / result.delivered,
    savedP50: result.saved?.p50 ?? 0,
    relayP50: result.relayed?.p50 ?? 0,
  }
}

const workers = async (): Promise<boolean> => {
  say(`\n${PAIRS.rooms} rooms, two people typing in each, ${PAIRS.rate} updates a second, all processes on one core`)
  const found = await compared(
    {
      'one process': (_prefix, database, releases) => startOne(database, {}, releases),
      'WORKERS=2': (_prefix, database, releases) => startOne(database, { WORKERS: '2' }, releases),
    },
    PAIRS,
    WARMUP_SECONDS,
  )
  const ratio = (found['WORKERS=2']?.perUpdate ?? 0) / (found['one process']?.perUpdate ?? 1)
  return mark('CPU an update, two workers to one process', ratio, 1.15)
}

const pipes = async (): Promise<boolean> => {
  say(`\nOne room of 50, ten of them typing, ${CROWD.rate} updates a second, two nodes on one core`)
  const two = (way: 'direct' | 'piped') => async (prefix: string, database: string, releases: Releases) =>
    (await startTwo(database, `${prefix}-0`, releases))[way]
  const found = await compared(
    { 'at the owner': two('direct'), 'passed on': two('piped') },
    CROWD,
    PIPED_WARMUP_SECONDS,
  )
  const ratio = (found['passed on']?.perDelivery ?? 0) / (found['at the owner']?.perDelivery ?? 1)
  return mark('CPU a delivery, passed on to direct', ratio, 2)
}

/** Whether a connection should outlive its request where workers share them. */
const connections = async (): Promise<void> => {
  say(`\n${REQUESTS} requests one after another, each for another page`)
  for (const [kind, env, keepAlive] of [
    ['one process, connection kept', {}, true],
    ['one process, a connection each', {}, false],
    ['WORKERS=2, a connection each', { WORKERS: '2' }, false],
  ] as const) {
    await releasing(async (releases) => {
      const service = await startOne((await openDatabase(releases)).url, env, releases)
      const agent = new Agent({ keepAlive, maxSockets: 1 })
      const address = service.base.replace('ws:', 'http:').replace('/collab', '')
      const before = cpuOf(service)
      const since = performance.now()
      for (let n = 0; n < REQUESTS; n++) await ask(`${address}/api/v1/stories/bench/pages/${n}`, agent)
      say(`  ${kind}`)
      row('a request', (performance.now() - since) / REQUESTS, 'ms')
      row('CPU a request', (cpuOf(service) - before) / REQUESTS, 'ms')
      agent.destroy()
    })
  }
}

const ask = (url: string, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { agent }, (answer) => answer.resume().on('end', resolve))
    asked.on('error', reject).end()
  })
