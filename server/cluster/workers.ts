/** One service of several processes: the parent accepts every connection and gives it to the worker that has its room. */
import type { Config } from '../config.ts'
import { listen } from '../listen.ts'
import { createMetrics } from '../metrics.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import { type Releases, releasedOnFailure } from '../release.ts'
import type { Service } from '../service.ts'
import { Dispatch } from './dispatch.ts'
import { Front } from './front.ts'
import { createOverall } from './overall.ts'
import { Slot } from './slot.ts'

export interface WorkersParts {
  readonly logger: Logger
  readonly clock: Clock
  readonly random: Random
  /** The environment of the workers. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends a start that is under way. */
  readonly signal: AbortSignal
  /** Begins the end of this process, as a signal does. */
  readonly end: () => void
  /** Calls `task` when this process ends, however it does. @returns how to forget it */
  readonly atExit: (task: () => void) => () => void
}

/**
 * Starts the workers, then listens.
 * @throws Error with the reason of a worker that does not start, or the system's error when nothing can be listened on
 */
export const startWorkers = (config: Config, parts: WorkersParts): Promise<Service> =>
  releasedOnFailure((releases) => assemble(config, parts, releases))

const assemble = async (config: Config, parts: WorkersParts, releases: Releases): Promise<Service> => {
  const metrics = createMetrics({ worker: 'parent' })
  const { counters } = metrics
  const { headerBytes, waitingSockets } = config.limits
  let isOpen = false
  let draining = false
  const live = () => slots.filter(({ isLive }) => isLive)
  const tellLive = () => {
    if (!isOpen) return
    const names = live().map(({ name }) => name)
    for (const slot of live()) slot.tell({ kind: 'live', slots: names })
  }
  const slots: readonly Slot[] = Array.from(
    { length: config.workers },
    (_, index) =>
      new Slot({
        ...parts,
        counters,
        name: String(index + 1),
        serves: tellLive,
        left: (undelivered) => {
          tellLive()
          for (const [socket, head] of undelivered) dispatch.give(socket, head)
        },
      }),
  )
  const overall = createOverall({
    config,
    maxHeaderBytes: headerBytes,
    metrics,
    isDraining: () => draining,
    statuses: async () => (await Promise.all(live().map((slot) => slot.status()))).filter((status) => status !== null),
  })
  releases.push(() => overall.closeAllConnections())
  const dispatch = new Dispatch({ slots, overall, counters, maxUndelivered: waitingSockets })
  const kill = () => {
    for (const slot of slots) slot.kill()
  }
  releases.push(parts.atExit(kill))
  releases.push(kill)
  await startAll(slots, parts.signal)
  const front = new Front({
    ...parts,
    counters,
    maxLineBytes: headerBytes,
    maxWaiting: waitingSockets,
    give: (socket, head) => dispatch.give(socket, head),
  })
  metrics.gauge('workers', 'Workers that serve', () => live().length)
  metrics.gauge('connections_waiting', 'Connections whose first line has not come', () => front.waiting)
  releases.push(() => front.close())
  const address = await listen(front.server, config)
  isOpen = true
  tellLive()
  return {
    address,
    drain: async () => {
      draining = true
      const ended = await Promise.all(slots.map((slot) => slot.end()))
      if (ended.includes(false)) throw new Error('a worker did not end well')
    },
    close: () => releases.run(),
  }
}

/** @throws Error with the reason of the first worker that does not start */
const startAll = async (slots: readonly Slot[], signal: AbortSignal): Promise<void> => {
  const stop = () => {
    for (const slot of slots) void slot.end()
  }
  signal.addEventListener('abort', stop)
  try {
    await Promise.all(slots.map((slot) => slot.start()))
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
