/** CPU of the service and of its database over a measured period. */
import type { BenchDatabase } from './database.ts'
import { canMeasure, cpuMs, residentBytes } from './proc.ts'

export interface Cost {
  /** Seconds between start and stop. */
  readonly seconds: number
  /** CPU milliseconds of the server under test; null: not measured on this system. */
  readonly serverMs: number | null
  /** CPU milliseconds of PostgreSQL; null: there is none, or it is not on this machine. */
  readonly databaseMs: number | null
  /** Transactions that PostgreSQL has committed; null as above. */
  readonly commits: number | null
  /** CPU milliseconds of the load clients. */
  readonly loadMs: number | null
  /** Of the server, at the end. */
  readonly residentBytes: number | null
  /** By how much it was above the beginning at most. */
  readonly grownBytes: number | null
}

export interface Metered {
  readonly server: number
  readonly load: number
  readonly database: Pick<BenchDatabase, 'atWork'> | null
}

const LOOK_MS = 50

/** Starts measuring. @returns how to stop */
export const startMeter = async (metered: Metered): Promise<() => Promise<Cost>> => {
  const from = await readings(metered)
  let peak = from.resident ?? 0
  const look = setInterval(() => {
    peak = Math.max(peak, residentBytes(metered.server) ?? 0)
  }, LOOK_MS)
  return async () => {
    clearInterval(look)
    const to = await readings(metered)
    // Backends that began meanwhile began at nothing; one that ended takes its time along.
    const databaseMs = [...to.database].reduce((sum, [pid, ms]) => sum + ms - (from.database.get(pid) ?? 0), 0)
    return {
      seconds: (to.at - from.at) / 1000,
      serverMs: difference(from.server, to.server),
      loadMs: difference(from.load, to.load),
      databaseMs: canMeasure && to.database.size > 0 ? databaseMs : null,
      commits: difference(from.commits, to.commits),
      residentBytes: to.resident,
      grownBytes: from.resident === null ? null : peak - from.resident,
    }
  }
}

const readings = async ({ server, load, database }: Metered) => {
  const { pids, commits } = (await database?.atWork()) ?? { pids: [], commits: null }
  return {
    at: performance.now(),
    server: cpuMs(server),
    load: cpuMs(load),
    database: new Map(pids.map((pid) => [pid, cpuMs(pid) ?? 0])),
    commits,
    resident: residentBytes(server),
  }
}

const difference = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : to - from
