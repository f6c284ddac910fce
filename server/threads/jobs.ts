/** What the threads of a pool can do. A new job is a file of its own and a line here. */

import { diff } from './diff.ts'
import type { HandedOver } from './handed-over.ts'
import { pageJobs } from './page/jobs.ts'
import { squash } from './squash.ts'

export const jobs = { diff, squash, ...pageJobs }

export type Jobs = typeof jobs
export type JobName = keyof Jobs

/** What a job takes: one value that can be cloned. */
export type JobInput<Name extends JobName> = Parameters<Jobs[Name]>[0]

/** What it gives, as it arrives. */
export type JobResult<Name extends JobName> = Arrived<Awaited<ReturnType<Jobs[Name]>>>

type Arrived<T> = T extends HandedOver<infer Value> ? Value : T
