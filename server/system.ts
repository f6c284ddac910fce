/** The real clock and randomness of this process. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { Clock, Random } from './ports.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  turn: (task) => {
    setImmediate(task)
  },
}

export const systemRandom: Random = { uuid: () => randomUUID(), fraction: () => Math.random() }

/** Host and process, for people. */
export const processName = (): string => `${hostname()} · ${process.pid}`

/** Resident bytes, and microseconds of CPU since the start. */
export const processUsage = (): { readonly memory: number; readonly cpu: number } => {
  const { user, system } = process.cpuUsage()
  return { memory: process.memoryUsage.rss(), cpu: user + system }
}

/** Past this share of what the process may have, pages that nobody has open leave memory. */
const TIGHT = 0.85

/** Whether the heap, or the memory that a container allows, is nearly used up. */
export const isMemoryTight = (): boolean => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  if (used > limit * TIGHT) return true
  const allowed = process.constrainedMemory()
  return allowed > 0 && allowed < Number.MAX_SAFE_INTEGER && process.memoryUsage.rss() > allowed * TIGHT
}
