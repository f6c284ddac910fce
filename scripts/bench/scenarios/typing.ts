/** Scenarios in which people type. */
import type { TypingJob, TypingResult } from '../load/jobs.ts'
import type { Cost } from '../meter.ts'
import { runMetered } from '../metered-run.ts'
import type { Options } from '../options.ts'
import type { Column, Figures, Scenario } from '../scenario.ts'
import type { Ability } from '../targets/target.ts'

export interface Shape {
  readonly rooms: number
  readonly clientsPerRoom: number
  readonly writersPerRoom: number
  readonly pace: TypingJob['pace']
  readonly presence?: TypingJob['presence']
  readonly looksAtStorage?: boolean
  /** Edits a second for which to have enough ready, where the pace sets none: fewer people do not make them fewer. */
  readonly upTo?: number
}

export interface TypingScenario {
  readonly name: string
  readonly title: string
  readonly needs: Ability | null
  readonly columns: readonly Column[]
  shape(options: Options): Shape
}

/** All figures of typing, by key. */
export const figure = {
  savedP50: { key: 'savedP50', title: 'saved p50', unit: 'ms' },
  savedP99: { key: 'savedP99', title: 'saved p99', unit: 'ms' },
  storedP50: { key: 'storedP50', title: 'in the database p50', unit: 'ms' },
  storedP99: { key: 'storedP99', title: 'in the database p99', unit: 'ms' },
  relayP50: { key: 'relayP50', title: 'relay p50', unit: 'ms' },
  relayP99: { key: 'relayP99', title: 'relay p99', unit: 'ms' },
  presenceP99: { key: 'presenceP99', title: 'presence p99', unit: 'ms' },
  updates: { key: 'updates', title: 'updates', unit: '1/s' },
  deliveries: { key: 'deliveries', title: 'deliveries', unit: '1/s' },
  presences: { key: 'presences', title: 'presence', unit: '1/s' },
  perDelivery: { key: 'perDelivery', title: 'server', unit: 'µs/delivery' },
  perDeliveryAll: { key: 'perDeliveryAll', title: 'server + database', unit: 'µs/delivery' },
  perUpdate: { key: 'perUpdate', title: 'server', unit: 'µs/update' },
  perUpdateAll: { key: 'perUpdateAll', title: 'server + database', unit: 'µs/update' },
  serverCpu: { key: 'serverCpu', title: 'server CPU', unit: '% core' },
  databaseCpu: { key: 'databaseCpu', title: 'database CPU', unit: '% core' },
  loadCpu: { key: 'loadCpu', title: 'load CPU', unit: '% core' },
  resident: { key: 'resident', title: 'RSS', unit: 'MB' },
  grown: { key: 'grown', title: 'RSS grown by', unit: 'MB' },
  lateP99: { key: 'lateP99', title: 'load late p99', unit: 'ms' },
} as const satisfies Record<string, Column>

export const typingScenario = ({ name, title, needs, columns, shape }: TypingScenario): Scenario => ({
  name,
  title,
  needs,
  columns,
  run: async (context, releases) => {
    const {
      rooms,
      clientsPerRoom,
      writersPerRoom,
      pace,
      presence = null,
      looksAtStorage = false,
      upTo,
    } = shape(context.options)
    const { warmupSeconds, seconds, seed } = context.options
    const rate = 'rate' in pace ? pace.rate : (upTo ?? 0)
    const { result, cost } = await runMetered<TypingResult>(context, releases, {
      job: (endpoint): TypingJob => ({
        kind: 'typing',
        endpoint,
        prefix: context.prefix,
        seed,
        rooms,
        clientsPerRoom,
        writersPerRoom,
        pace,
        presence,
        looksAtStorage,
        edits: Math.ceil((rate * (warmupSeconds + seconds)) / (rooms * writersPerRoom)),
        warmupSeconds,
        seconds,
      }),
    })
    return figures(result, cost, { rooms, clientsPerRoom })
  },
})

const figures = (
  result: TypingResult,
  cost: Cost,
  size: { readonly rooms: number; readonly clientsPerRoom: number },
): Figures => {
  const updates = result.savedInTime ?? result.sent
  const share = (ms: number | null) => (ms === null ? null : ms / cost.seconds / 10)
  const per = (ms: number | null, count: number) => (ms === null || count === 0 ? null : (ms * 1000) / count)
  const allMs = cost.serverMs === null ? null : cost.serverMs + (cost.databaseMs ?? 0)
  return {
    typed: result.typed,
    curves: { saved: result.saved, relayed: result.relayed, presence: result.presence, stored: result.stored },
    values: {
      ...size,
      seconds: cost.seconds,
      edits: updates,
      delivered: result.delivered,
      frames: result.frames,
      commits: cost.commits,
      serverMs: cost.serverMs,
      savedP50: result.saved?.p50 ?? null,
      savedP99: result.saved?.p99 ?? null,
      storedP50: (result.stored ?? result.saved)?.p50 ?? null,
      storedP99: (result.stored ?? result.saved)?.p99 ?? null,
      relayP50: result.relayed?.p50 ?? null,
      relayP99: result.relayed?.p99 ?? null,
      presenceP99: result.presence?.p99 ?? null,
      updates: updates / result.seconds,
      deliveries: result.delivered / result.seconds,
      presences: result.presenceDelivered / result.seconds,
      perDelivery: per(cost.serverMs, result.delivered),
      perDeliveryAll: per(allMs, result.delivered),
      perUpdate: per(cost.serverMs, updates),
      perUpdateAll: per(allMs, updates),
      serverCpu: share(cost.serverMs),
      databaseCpu: share(cost.databaseMs),
      loadCpu: share(cost.loadMs),
      resident: cost.residentBytes === null ? null : cost.residentBytes / 1e6,
      grown: cost.grownBytes === null ? null : cost.grownBytes / 1e6,
      lateP99: result.lateP99,
    },
  }
}
