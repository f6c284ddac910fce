/** Worker threads for what would hold up the event loop: jobs by name, the waiting ones bounded. Threads start at first need. */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { JobReply, JobRequest } from './job-thread.ts'
import type { JobInput, JobName, JobResult } from './jobs.ts'
import { threadUrl } from './thread.ts'

/** The job threw: its input is at fault. */
export class JobError extends Error {}
/** As many jobs wait as may: this one was not taken. */
export class ThreadsBusy extends Error {}
/** The thread died, or the pool closed, before the job ended. */
export class ThreadLost extends Error {}

export interface PoolOptions {
  /** Threads at most. */
  readonly threads: number
  /** Jobs that may wait for a thread. */
  readonly waiting?: number
}

export interface RunOptions {
  /** Buffers moved to the thread, so lost to the caller. */
  readonly transfer?: readonly ArrayBuffer[]
  /** Ends the job, and its thread if it has begun. */
  readonly signal?: AbortSignal
}

/** Where jobs are run. */
export interface Threads {
  /**
   * Runs a job in a thread.
   * @throws JobError when the job throws, ThreadsBusy at the bound, ThreadLost when no answer will come
   */
  run<Name extends JobName>(name: Name, input: JobInput<Name>, options?: RunOptions): Promise<JobResult<Name>>
}

const WAITING = 64
const IDLE_MS = 30_000

export class ThreadPool implements Threads {
  readonly #threads: number
  readonly #waiting: number
  #pool: Piscina<JobRequest, JobReply> | null = null
  #running = 0
  #closed = false

  constructor({ threads, waiting = WAITING }: PoolOptions) {
    this.#threads = threads
    this.#waiting = waiting
  }

  async run<Name extends JobName>(
    name: Name,
    input: JobInput<Name>,
    { transfer = [], signal }: RunOptions = {},
  ): Promise<JobResult<Name>> {
    if (this.#closed) throw new ThreadLost('the threads are closing')
    if (this.#running >= this.#threads + this.#waiting) throw new ThreadsBusy(`${this.#waiting} jobs wait already`)
    this.#running++
    try {
      const reply = await this.#ask({ name, input }, transfer, signal)
      if ('fault' in reply) throw new JobError(reply.fault)
      return reply.result as JobResult<Name>
    } finally {
      this.#running--
    }
  }

  /** Ends the threads; what they were at fails with ThreadLost. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#pool?.destroy()
  }

  async #ask(request: JobRequest, transfer: readonly ArrayBuffer[], signal?: AbortSignal): Promise<JobReply> {
    this.#pool ??= this.#open()
    try {
      return await this.#pool.run(request, { transferList: [...transfer], signal: signal ?? null })
    } catch (error) {
      throw new ThreadLost(`the thread of '${request.name}' was lost: ${(error as Error).message}`, { cause: error })
    }
  }

  #open(): Piscina<JobRequest, JobReply> {
    // One thread at least is kept and replaced: without it, jobs that wait when the last one dies would wait for ever.
    const filename = fileURLToPath(threadUrl('job-thread'))
    // The others stay for a while: a fresh thread runs cold for its first jobs.
    const sizes = { minThreads: 1, maxThreads: this.#threads, idleTimeout: IDLE_MS }
    const pool = new Piscina<JobRequest, JobReply>({ filename, ...sizes })
    // A thread that dies while it has no job is replaced; nobody waits to be told.
    pool.on('error', () => undefined)
    return pool
  }
}

/** Works in threads that end with it. @throws what `work` throws */
export const inThreads = async <T>(count: number, work: (threads: ThreadPool) => Promise<T>): Promise<T> => {
  const threads = new ThreadPool({ threads: count })
  try {
    return await work(threads)
  } finally {
    await threads.close()
  }
}
