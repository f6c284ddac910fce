/** Builds what operators watch. */
import type { Query } from '../database/port.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import { Feed } from './feed.ts'
import { createSampler, type FiguresParts } from './figures.ts'
import { Jobs } from './jobs.ts'
import { Reports } from './reports.ts'

export interface WatchParts extends Omit<FiguresParts, 'elsewhere'> {
  readonly database: Query
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** UUID of this process. */
  readonly id: string
  /** What the process is called among the others. */
  readonly name: string
  /** Whether other processes may serve from the database at all. */
  readonly isShared: boolean
  /** Whether none does now. */
  readonly isAlone: () => boolean
}

export interface Watch {
  readonly feed: Feed
  readonly jobs: Jobs
  readonly reports: Reports
  close(): Promise<void>
}

export const assembleWatch = (parts: WatchParts): Watch => {
  const { clock, random } = parts
  const jobs: Jobs = new Jobs({ clock, random, changed: (job) => feed.say(job) })
  const reports = new Reports({ ...parts, memory: () => parts.usage().memory })
  const feed = new Feed({
    clock,
    jobs: () => jobs.all,
    sampler: () => createSampler({ ...parts, elsewhere: (open) => reports.elsewhere(open) }),
  })
  return {
    feed,
    jobs,
    reports,
    close: () => {
      feed.close()
      return reports.close()
    },
  }
}
