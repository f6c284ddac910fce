/** A room of which a test decides what it writes and sees how that ended. */
import type { Appending, Batch, LoadedRoom, Log, Outcome, Part } from '../../server/log/port.ts'
import { random } from '../support/open-database.ts'
import { until } from '../support/until.ts'

const encoder = new TextEncoder()

/** A part with `text` as its bytes: the log does not look inside. */
export const part = (text: string, author: string | null = null): Part => ({
  author,
  via: null,
  data: encoder.encode(text),
})

export class Writer implements Appending {
  readonly roomId: string
  readonly outcomes: Outcome[] = []
  epoch = 0
  seq = 0
  exists = false
  readonly #log: Log
  #waiting: Part[] = []

  constructor(log: Log, roomId: string, loaded?: LoadedRoom) {
    this.#log = log
    this.roomId = roomId
    if (loaded === undefined) return
    this.epoch = loaded.epoch
    this.seq = loaded.seq
    this.exists = loaded.exists
  }

  get gathered(): number {
    return this.#waiting.length
  }

  write(...parts: readonly Part[]): void {
    this.#waiting.push(...parts)
    this.#log.append(this)
  }

  /** Writes and waits for the outcome. */
  async written(...parts: readonly Part[]): Promise<Outcome> {
    const before = this.outcomes.length
    this.write(...parts)
    const outcome = await until(`${this.roomId} to be settled`, () => this.outcomes[before])
    return outcome as Outcome
  }

  take(): Batch | null {
    const parts = this.#waiting
    this.#waiting = []
    return parts.length === 0 ? null : { id: random.uuid(), parts }
  }

  settle(outcome: Outcome): void {
    this.outcomes.push(outcome)
    if (outcome.kind === 'committed') {
      this.seq = outcome.seq
      this.exists = true
    }
    if (this.#waiting.length > 0) this.#log.append(this)
  }
}
