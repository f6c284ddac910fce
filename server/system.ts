/** The real clock and randomness of this process. */
import { randomUUID } from 'node:crypto'
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
