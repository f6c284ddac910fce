/** Whether the database answers, told once when it stops and once when it is back. */
import { DatabaseError } from '../database/port.ts'
import type { Logger } from '../ports.ts'

export class Reach {
  readonly #logger: Logger
  #reachable = true

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get reachable(): boolean {
    return this.#reachable
  }

  /** Runs a statement and notes whether it reached the database. @throws what `work` throws */
  async note<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      if (!this.#reachable) this.#logger.info({}, 'the database is back')
      this.#reachable = true
      return result
    } catch (error) {
      const lost = error instanceof DatabaseError && error.lost
      if (lost && this.#reachable) {
        this.#logger.error({ error: error.message }, 'the database is away; edits wait in memory, unacknowledged')
      }
      this.#reachable = !lost
      throw error
    }
  }
}
