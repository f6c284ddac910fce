/**
 * Reading on in many pages: what is asked for in one turn of the event loop, or while a statement is under way, shares the
 * next. So a process that is told of a hundred pages keeps one connection busy, not all.
 */
import type { Query } from '../database/port.ts'
import type { Clock } from '../ports.ts'
import { type Asked, readBatches, readManyBatches } from './load.ts'
import type { LoggedBatch } from './port.ts'

interface Waiting extends Asked {
  readonly resolve: (batches: LoggedBatch[]) => void
  readonly reject: (error: unknown) => void
}

const PAGES_AT_ONCE = 200

export class Readings {
  readonly #database: Query
  readonly #clock: Clock
  readonly #atOnce: number
  #waiting: Waiting[] = []
  #isBusy = false

  /** @param atOnce pages in one statement at most; 1 for distributed databases */
  constructor(database: Query, clock: Clock, atOnce: number) {
    this.#database = database
    this.#clock = clock
    this.#atOnce = Math.min(atOnce, PAGES_AT_ONCE)
  }

  /** Batches with seq >= from. @throws DatabaseError */
  read(roomId: string, from: number): Promise<LoggedBatch[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ roomId, from, resolve, reject })
      if (this.#isBusy) return
      this.#isBusy = true
      this.#clock.turn(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const asked = this.#waiting.splice(0, this.#atOnce)
      try {
        const found = await this.#readAll(asked)
        for (const [index, { resolve }] of asked.entries()) resolve(found[index] ?? [])
      } catch (error) {
        for (const { reject } of asked) reject(error)
      }
    }
    this.#isBusy = false
  }

  async #readAll(asked: readonly Waiting[]): Promise<LoggedBatch[][]> {
    const [only] = asked
    if (only === undefined || asked.length > 1) return readManyBatches(this.#database, asked)
    return [await readBatches(this.#database, only.roomId, only.from)]
  }
}
