/** The thread that runs jobs: one at a time, each to its end. */
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { HandedOver } from './handed-over.ts'
import { type JobName, jobs } from './jobs.ts'
import { yieldCore } from './yield-core.ts'

yieldCore()

export interface JobRequest {
  readonly name: JobName
  readonly input: unknown
}

/** A fault is told, not thrown: so it differs from the death of the thread. */
export type JobReply = { readonly result: unknown } | { readonly fault: string }

export default async ({ name, input }: JobRequest): Promise<JobReply> => {
  try {
    const job = jobs[name] as (input: unknown) => unknown
    const result = await job(input)
    return result instanceof HandedOver ? moved(result) : { result }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}

const moved = ({ value, buffers }: HandedOver<unknown>): JobReply =>
  move({ [valueSymbol]: { result: value }, [transferableSymbol]: buffers }) as unknown as JobReply
