/** Packs entries into messages, each to one process and no larger than the channel carries. */
import { headOf } from './message.ts'
import type { Letter } from './port.ts'

export class Letters {
  readonly #head: Uint8Array
  readonly #maxBytes: number
  readonly #open = new Map<string, { entries: Uint8Array[]; bytes: number }>()
  readonly #full: Letter[] = []

  constructor(nodeId: string, maxBytes: number) {
    this.#head = headOf(nodeId)
    this.#maxBytes = maxBytes
  }

  /** Messages so far. */
  get count(): number {
    return this.#full.length + this.#open.size
  }

  /** Whether an entry of so many bytes can be carried at all. */
  holds(bytes: number): boolean {
    return this.#head.length + bytes <= this.#maxBytes
  }

  /** Adds an entry for `to`. It must be one that can be carried. */
  add(to: string, entry: Uint8Array): void {
    const open = this.#open.get(to)
    if (open !== undefined && open.bytes + entry.length <= this.#maxBytes) {
      open.entries.push(entry)
      open.bytes += entry.length
      return
    }
    if (open !== undefined) this.#full.push(this.#seal(to, open.entries))
    this.#open.set(to, { entries: [entry], bytes: this.#head.length + entry.length })
  }

  /** All messages; there are none afterwards. */
  take(): Letter[] {
    const letters = [...this.#full, ...Array.from(this.#open, ([to, { entries }]) => this.#seal(to, entries))]
    this.#open.clear()
    this.#full.length = 0
    return letters
  }

  #seal(to: string, entries: readonly Uint8Array[]): Letter {
    return { to, message: Buffer.concat([this.#head, ...entries]) }
  }
}
