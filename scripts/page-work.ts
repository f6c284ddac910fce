/** What `compact` and `doctor` have in common: many pages, in threads, here or in the service that has the data. */
import { availableParallelism, getPriority, setPriority } from 'node:os'
import type { Config } from '../server/config.ts'
import type { ExamineParts } from '../server/log/examine.ts'
import { systemClock } from '../server/system.ts'
import { inThreads } from '../server/threads/pool.ts'
import { type ProgressLine, progressLine } from './progress.ts'
import { numberOf, UsageError, untilStopped } from './run-command.ts'
import { askService } from './running-service.ts'
import { NO_COUNTERS, whereTheDataIs } from './store.ts'

export interface PageWork<Report, Progress> {
  /** As the service calls it. */
  readonly name: string
  /** What the service is asked. */
  readonly order: object
  readonly concurrency: number
  readonly json: boolean
  /** What whoever stopped it should know. */
  readonly stopped: string
  readonly show: (line: ProgressLine, progress: Progress) => void
  readonly work: (parts: ExamineParts, told: (progress: Progress) => void) => Promise<Report>
}

/** A live service on this machine goes before. */
const PRIORITY = 10

/** Works on pages where the data is. @throws what `whereTheDataIs` and the work throw */
export const workOnPages = async <Report, Progress>(
  config: Config,
  { name, order, concurrency, json, stopped, show, work }: PageWork<Report, Progress>,
): Promise<Report> => {
  // Threads take it from the one that starts them; without rights it can only be lowered.
  if (getPriority() < PRIORITY) setPriority(PRIORITY)
  const line = progressLine(process.stderr, 'pages')
  const told = (progress: Progress) => show(line, progress)
  try {
    return await whereTheDataIs(config, concurrency + 1, {
      there: (service) => {
        if (!json) process.stderr.write(`A service (process ${service.pid}) has the data: it does the work.\n`)
        return askService<Report, Progress>(service, name, order, told)
      },
      here: ({ database, logger }) =>
        untilStopped(stopped, (signal) =>
          inThreads(concurrency, (threads) =>
            work({ database, threads, clock: systemClock, logger, counters: NO_COUNTERS, signal }, told),
          ),
        ),
    })
  } finally {
    line.end()
  }
}

/** Which pages, and how many at once, as both commands are told. @throws UsageError */
export const pageOptions = (values: {
  readonly story?: string | undefined
  readonly page?: string | undefined
  readonly concurrency?: string | undefined
}) => {
  if (values.page !== undefined && values.story === undefined) throw new UsageError('--page needs --story')
  const half = Math.max(1, availableParallelism() >> 1)
  return {
    story: values.story ?? null,
    page: values.page ?? null,
    concurrency: Math.floor(numberOf('concurrency', values.concurrency, 1) ?? half),
  }
}
