/** Typing at a fixed rate: one hot room, and many pairs. */
import { writeFile } from 'node:fs/promises'
import { Releases } from '../../../server/release.ts'
import type { ReplayJob, ReplayResult } from '../load/jobs.ts'
import { runLoad } from '../load-process.ts'
import { type Cost, startMeter } from '../meter.ts'
import type { Options } from '../options.ts'
import type { Column, Figures, RunContext, Scenario } from '../scenario.ts'

interface Shape {
  readonly rooms: number
  readonly clientsPerRoom: number
  readonly writersPerRoom: number
}

const columns = ({ rate }: Options): Column[] => [
  { key: 'savedP50', title: 'saved p50', unit: 'ms', most: 10 },
  { key: 'savedP99', title: 'saved p99', unit: 'ms', most: 60 },
  { key: 'relayP50', title: 'relay p50', unit: 'ms', most: 2 },
  { key: 'relayP99', title: 'relay p99', unit: 'ms' },
  { key: 'updates', title: 'updates', unit: '1/s', least: Math.round(rate * 0.99) },
  { key: 'deliveries', title: 'deliveries', unit: '1/s' },
  { key: 'serverCpu', title: 'server CPU', unit: '% core' },
  { key: 'databaseCpu', title: 'PostgreSQL', unit: '% core' },
  { key: 'microseconds', title: 'server', unit: 'µs/update' },
  { key: 'resident', title: 'RSS', unit: 'MB' },
  { key: 'loadCpu', title: 'load CPU', unit: '% core' },
  { key: 'lateP99', title: 'load late p99', unit: 'ms' },
]

const replayScenario = (name: string, title: string, shape: Shape): Scenario => ({
  name,
  title,
  withPeers: true,
  columns,
  run: async (context) => {
    const releases = new Releases()
    try {
      return await measure(context, shape, releases)
    } finally {
      await releases.run()
    }
  },
})

const measure = async (context: RunContext, shape: Shape, releases: Releases): Promise<Figures> => {
  const { target, options, prefix, profilePath } = context
  const { pid, endpoint, inspector } = await target.start(releases, profilePath !== null)
  const { rate, warmupSeconds, seconds, seed } = options
  const job: ReplayJob = { kind: 'replay', endpoint, prefix, rate, warmupSeconds, seconds, seed, ...shape }
  let database: readonly number[] = []
  let stop: (() => Cost) | null = null
  let cost: Cost | null = null
  const result = await runLoad<ReplayResult>(job, releases, async (stage, load) => {
    if (stage === 'ready') database = await target.databasePids()
    if (stage === 'measure') {
      stop = startMeter({ server: pid, load, database })
      await inspector?.startProfile()
    }
    if (stage === 'measured') {
      cost = stop?.() ?? null
      if (inspector !== null && profilePath !== null) await writeFile(profilePath, await inspector.stopProfile())
    }
  })
  return figures(result, cost)
}

const figures = (result: ReplayResult, cost: Cost | null): Figures => {
  const share = (ms: number | null | undefined) =>
    cost === null || ms === null || ms === undefined ? null : ms / cost.seconds / 10
  const updates = result.savedPerSecond ?? result.sentPerSecond
  const perSecond = share(cost?.serverMs)
  return {
    savedP50: result.saved?.p50 ?? null,
    savedP99: result.saved?.p99 ?? null,
    relayP50: result.relayed?.p50 ?? null,
    relayP99: result.relayed?.p99 ?? null,
    updates,
    deliveries: result.deliveredPerSecond,
    serverCpu: perSecond,
    databaseCpu: share(cost?.databaseMs),
    microseconds: perSecond === null ? null : (perSecond * 10_000) / updates,
    resident: cost?.serverResidentBytes == null ? null : cost.serverResidentBytes / 1e6,
    loadCpu: share(cost?.loadMs),
    lateP99: result.lateP99,
  }
}

export const hotRoom = replayScenario('hot', 'One hot room: 50 clients, 10 of them typing', {
  rooms: 1,
  clientsPerRoom: 50,
  writersPerRoom: 10,
})

export const pairs = replayScenario('pairs', '500 rooms, two people typing in each', {
  rooms: 500,
  clientsPerRoom: 2,
  writersPerRoom: 2,
})
