/** One room of a replay: its members, what they send, what each still has to receive. */
import type { Endpoint } from '../targets/target.ts'
import { Deliveries, type DeliveryReader } from './deliveries.ts'
import type { Measured } from './measured.ts'
import { Member, updateFrame } from './member.ts'
import type { Script } from './typing.ts'

export class ReplayRoom {
  readonly name: string
  readonly #script: Script
  readonly #measured: Measured
  readonly #deliveries: Deliveries
  readonly #members: Member[] = []
  readonly #readers: DeliveryReader[] = []
  readonly #inserted: number[]

  constructor(name: string, script: Script, measured: Measured) {
    this.name = name
    this.#script = script
    this.#measured = measured
    this.#inserted = script.writers.map(() => 0)
    this.#deliveries = new Deliveries(script.writers, (sentAt, at) => measured.onDelivered(sentAt, at))
  }

  /** What a fresh client has to read at the end. */
  get text(): string {
    return this.#script.text
  }

  /** Brings its members in, the writers first; the first of them writes how the page begins. */
  async open(endpoint: Endpoint, clients: number): Promise<void> {
    const first = await this.#join(endpoint, 0)
    first.send(updateFrame(this.#script.seed), performance.now())
    for (let index = 1; index < clients; index++) await this.#join(endpoint, index)
  }

  /** Has a writer type its keystroke number `index`. */
  send(writer: number, index: number, at: number): void {
    const keystroke = this.#script.writers[writer]?.keystrokes[index]
    const member = this.#members[writer]
    if (keystroke === undefined || member === undefined) throw new Error(`${this.name}: nothing left to type`)
    if (keystroke.clock >= 0) {
      this.#deliveries.sent(writer, keystroke.clock, at)
      this.#inserted[writer] = keystroke.clock + 1
    }
    member.send(keystroke.frame, at)
  }

  /** Whether everything sent is acknowledged (where it is acknowledged at all) and has reached all others. */
  get isSettled(): boolean {
    return this.missing === null
  }

  /** What is not settled, in words; null: nothing. */
  get missing(): string | null {
    const inserted = this.#inserted.reduce((sum, count) => sum + count, 0)
    for (const [index, reader] of this.#readers.entries()) {
      const due = inserted - (this.#inserted[index] ?? 0)
      if (reader.received !== due) return `${this.name}: member ${index} has ${reader.received} of ${due} insertions`
      const unsaved = this.#members[index]?.unsaved ?? 0
      if (unsaved > 0) return `${this.name}: ${unsaved} messages of member ${index} are not acknowledged`
    }
    return null
  }

  close(): void {
    for (const member of this.#members) member.close()
  }

  async #join(endpoint: Endpoint, index: number): Promise<Member> {
    const isWriter = index < this.#script.writers.length
    const reader = this.#deliveries.reader(isWriter ? index : null)
    const member = await Member.join(endpoint, this.name, {
      update: (update, at) => reader.receive(update, at),
      saved: (sentAt, at) => this.#measured.onSaved(sentAt, at),
      failed: (error) => {
        this.#measured.failure ??= error
      },
    })
    this.#members[index] = member
    this.#readers[index] = reader
    return member
  }
}
