/** What the threads of a pool can do. A new job is a file of its own and a line here. */

import { cull } from './cull.ts'
import { diff } from './diff.ts'
import type { HandedOver } from './handed-over.ts'
import { inspect } from './inspect.ts'
import { join } from './join.ts'
import { pageJobs } from './page/jobs.ts'
import { squash } from './squash.ts'
import { storyJobs } from './story/jobs.ts'

export const jobs = { squash, cull, diff, join, inspect, ...pageJobs, ...storyJobs }

export type Jobs = typeof jobs
export type JobName = keyof Jobs

/** What a job takes: one value that can be cloned. */
export type JobInput<Name extends JobName> = Parameters<Jobs[Name]>[0]

/** What it gives, as it arrives. */
export type JobResult<Name extends JobName> = Arrived<Awaited<ReturnType<Jobs[Name]>>>

type Arrived<T> = T extends HandedOver<infer Value> ? Value : T
