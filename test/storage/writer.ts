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

type Told = Exclude<Outcome, { kind: 'committed' }> | { readonly kind: 'committed'; readonly seq: number }

export class Writer implements Appending {
  readonly roomId: string
  /** Without the times, which are the database's. */
  readonly outcomes: Told[] = []
  epoch = 0
  seq = 0
  at = 0
  exists = false
  readonly #log: Log
  #waiting: Part[] = []

  constructor(log: Log, roomId: string, loaded?: LoadedRoom) {
    this.#log = log
    this.roomId = roomId
    if (loaded === undefined) return
    this.epoch = loaded.epoch
    this.seq = loaded.seq
    this.at = loaded.at
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
  async written(...parts: readonly Part[]): Promise<Told> {
    const before = this.outcomes.length
    this.write(...parts)
    const outcome = await until(`${this.roomId} to be settled`, () => this.outcomes[before])
    return outcome as Told
  }

  take(): Batch | null {
    const parts = this.#waiting
    this.#waiting = []
    return parts.length === 0 ? null : { id: random.uuid(), parts }
  }

  settle(outcome: Outcome): void {
    if (outcome.kind !== 'committed') this.outcomes.push(outcome)
    else {
      this.outcomes.push({ kind: outcome.kind, seq: outcome.seq })
      this.seq = outcome.seq
      this.at = outcome.at
      this.exists = true
    }
    if (this.#waiting.length > 0) this.#log.append(this)
  }
}
