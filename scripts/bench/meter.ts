/** CPU of the service and of its database over a measured period. */
import { canMeasure, cpuMs, residentBytes } from './proc.ts'

export interface Cost {
  /** Seconds between start and stop. */
  readonly seconds: number
  /** CPU milliseconds of the server under test; null: not measured on this system. */
  readonly serverMs: number | null
  /** CPU milliseconds of PostgreSQL; null: there is none, or it is not on this machine. */
  readonly databaseMs: number | null
  /** CPU milliseconds of the load clients. */
  readonly loadMs: number | null
  readonly serverResidentBytes: number | null
}

export interface Pids {
  readonly server: number
  readonly load: number
  readonly database: readonly number[]
}

/** Starts measuring. @returns how to stop */
export const startMeter = (pids: Pids): (() => Cost) => {
  const from = readings(pids)
  return () => {
    const to = readings(pids)
    const { at, server, load, database } = to
    return {
      seconds: (at - from.at) / 1000,
      serverMs: difference(from.server, server),
      loadMs: difference(from.load, load),
      databaseMs: canMeasure && pids.database.length > 0 ? database - from.database : null,
      serverResidentBytes: residentBytes(pids.server),
    }
  }
}

const readings = (pids: Pids) => ({
  at: performance.now(),
  server: cpuMs(pids.server),
  load: cpuMs(pids.load),
  database: pids.database.reduce((sum, pid) => sum + (cpuMs(pid) ?? 0), 0),
})

const difference = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : to - from
