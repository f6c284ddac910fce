/** Long work as it goes on: who asked for what, how far it is, and what it came to. */
import type { Job } from '../../shared/operators.ts'
import type { Clock, Random } from '../ports.ts'

export interface JobsParts {
  readonly clock: Clock
  readonly random: Random
  readonly changed: (job: Job) => void
}

/** Jobs that are remembered after their end. */
const KEPT = 10
/** Progress is told no more often. */
const TELL_MS = 250

export class Jobs {
  readonly #parts: JobsParts
  readonly #jobs = new Map<string, Job>()

  constructor(parts: JobsParts) {
    this.#parts = parts
  }

  /** Those under way, and those that ended last, the newest last. */
  get all(): readonly Job[] {
    return [...this.#jobs.values()]
  }

  /** Whether work of that name is under way. */
  isRunning(name: string): boolean {
    return this.all.some((job) => job.name === name && job.endedAt === null)
  }

  /**
   * Follows a piece of work.
   * @param work is given what to tell its progress to
   * @returns its id at once, and what it comes to
   */
  follow<Report>(
    name: string,
    asked: Job['asked'],
    work: (told: (progress: unknown) => void) => Promise<Report>,
  ): { readonly id: string; readonly report: Promise<Report> } {
    const { clock, random } = this.#parts
    const id = random.uuid()
    const begun = { id, name, asked, startedAt: clock.now(), endedAt: null, progress: null, report: null, fault: null }
    this.#set(begun)
    let toldAt = Number.NEGATIVE_INFINITY
    const told = (progress: unknown) => {
      const job = { ...(this.#jobs.get(id) ?? begun), progress }
      const now = clock.elapsed()
      const isDue = now - toldAt >= TELL_MS
      if (isDue) toldAt = now
      this.#set(job, isDue)
    }
    const ended = (end: Partial<Job>) => this.#set({ ...(this.#jobs.get(id) ?? begun), ...end, endedAt: clock.now() })
    const report = work(told).then(
      (result) => {
        ended({ report: result })
        return result
      },
      (error: unknown) => {
        ended({ fault: error instanceof Error ? error.message : String(error) })
        throw error
      },
    )
    return { id, report }
  }

  #set(job: Job, isTold = true): void {
    this.#jobs.set(job.id, job)
    for (const old of this.all.filter(({ endedAt }) => endedAt !== null).slice(0, -KEPT)) this.#jobs.delete(old.id)
    if (isTold) this.#parts.changed(job)
  }
}
