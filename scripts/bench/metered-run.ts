/** One job against one target: started, metered between two moments of the job, profiled where that is asked for. */
import { writeFile } from 'node:fs/promises'
import type { Releases } from '../../server/release.ts'
import type { Job, JobResult, Stage } from './load/jobs.ts'
import { runLoad } from './load-process.ts'
import { type Cost, startMeter } from './meter.ts'
import type { RunContext } from './scenario.ts'
import type { Endpoint, Started } from './targets/target.ts'

export interface MeteredRun<T> {
  readonly result: T
  readonly cost: Cost
}

export interface RunNeeds<J> {
  /** Makes the job for the endpoint. */
  job(endpoint: Endpoint): J
  /** Whether memory is weighed after collections. */
  readonly weighs?: boolean
  /** Whether pages must outlive the process. */
  readonly keeps?: boolean
  /** What is profiled, where that is asked for: from one stage to another, by default what is measured. */
  readonly profiled?: readonly [from: Stage, to: Stage]
  onStage?(stage: Stage, started: Started): void | Promise<void>
}

/** @throws Error when the target does not start, the job fails, or never says when to measure */
export const runMetered = async <T extends JobResult>(
  { target, profilePath }: RunContext,
  releases: Releases,
  { job, weighs = false, keeps = false, profiled: [from, to] = ['measure', 'measured'], onStage }: RunNeeds<Job>,
): Promise<MeteredRun<T>> => {
  const started = await target.start(releases, { inspected: weighs || profilePath !== null, keeps })
  const { pid, endpoint, inspector } = started
  let stop: (() => Promise<Cost>) | null = null
  let cost: Cost | null = null
  const result = await runLoad<T>(job(endpoint), releases, async (stage, load) => {
    if (stage === 'measured') cost = (await stop?.()) ?? null
    if (stage === to && profilePath !== null && inspector !== null)
      await writeFile(profilePath, await inspector.stopProfile())
    await onStage?.(stage, started)
    if (stage === from && profilePath !== null) await inspector?.startProfile()
    if (stage === 'measure') stop = await startMeter({ server: pid, load, database: target.database })
  })
  await started.stop()
  if (cost === null) throw new Error('the job ended without being measured')
  return { result, cost }
}
