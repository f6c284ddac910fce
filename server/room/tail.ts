/** The tail of a room: what its snapshot does not hold, committed and not yet committed, in the order it was taken in. */
import type { Part } from '../log/port.ts'
import { freshOf } from './admit.ts'
import { BySender, type Sender } from './by-sender.ts'
import type { HeldKeys } from './keys.ts'
import { mergeUpdates } from './merge.ts'
import { type Fresh, Runs } from './runs.ts'
import type { StateVector } from './state-vector.ts'

interface Entry {
  readonly batch: string
  /** Set once the batch is known to be committed. */
  seq: number | null
  /** The update, or the parts of it by author, none of which stands alone. */
  readonly parts: readonly Uint8Array[]
  readonly bytes: number
}

/** An update that is held before it is known to be committed, and not by a batch of this process. */
export type HeldUpdate = Entry

export class Tail {
  #entries: Entry[] = []
  /** What waits for the next batch. */
  readonly #gathering = new BySender()
  /**
   * All of the tail, merged; from the first joiner on who found several batches or had a part of it already, until a
   * snapshot holds some of them. A class comes back at once: each would read all of it again.
   */
  #merged: Runs | null = null
  readonly #held: HeldKeys
  #bytes = 0
  #unsaved = 0
  #gatheredBytes = 0
  /** Whether entries came in while something gathered: then they do not lie in the order in which they were taken in. */
  #isDisordered = false

  /** @param held what the room holds, this tail included */
  constructor(held: HeldKeys) {
    this.#held = held
  }

  /** Bytes held, committed or not. */
  get bytes(): number {
    return this.#bytes + (this.#merged?.size ?? 0)
  }

  /** Bytes not known to be committed. */
  get unsavedBytes(): number {
    return this.#unsaved
  }

  /** Batches held. */
  get rows(): number {
    return this.#entries.length
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0 && !this.isGathering
  }

  get isGathering(): boolean {
    return !this.#gathering.isEmpty
  }

  /** Adds an update that waits for its commit. */
  gather(fresh: Fresh, sender: Sender): void {
    this.#gathering.add(fresh, sender)
    this.#merged?.add(fresh)
    this.#bytes += fresh.bytes.length
    this.#unsaved += fresh.bytes.length
    this.#gatheredBytes += fresh.bytes.length
  }

  /** Adds a batch that is committed already, read from the log. */
  addCommitted(batch: string, seq: number, fresh: Fresh): void {
    this.#enter({ batch, seq, parts: [fresh.bytes], bytes: fresh.bytes.length }, fresh)
  }

  /** Adds what another process has sent before its commit was read from the log. */
  addHeard(fresh: Fresh): HeldUpdate {
    const entry = { batch: '', seq: null, parts: [fresh.bytes], bytes: fresh.bytes.length }
    this.#enter(entry, fresh)
    this.#unsaved += entry.bytes
    return entry
  }

  /** Marks what was heard as committed. */
  commitHeard(entry: HeldUpdate, seq: number): void {
    if (entry.seq !== null) return
    entry.seq = seq
    this.#unsaved -= entry.bytes
  }

  /** Cuts what has gathered into one batch, a part for each sender. */
  cut(batch: string): Part[] {
    const before = this.#gatheredBytes
    this.#gatheredBytes = 0
    const parts = this.#gathering.take()
    const bytes = parts.reduce((sum, { data }) => sum + data.length, 0)
    this.#entries.push({ batch, seq: null, parts: parts.map(({ data }) => data), bytes })
    this.#bytes += bytes - before
    this.#unsaved += bytes - before
    return parts
  }

  /** Marks a batch as committed. @returns whether it is held here and was not marked before */
  commit(batch: string, seq: number): boolean {
    const entry = this.#find(batch)
    if (entry === undefined || entry.seq !== null) return false
    entry.seq = seq
    this.#unsaved -= entry.bytes
    return true
  }

  /** Whether a batch was cut or read here. */
  holds(batch: string): boolean {
    return this.#find(batch) !== undefined
  }

  /** Drops what a snapshot at `seq` holds. */
  dropThrough(seq: number): void {
    const kept = this.#entries.filter((entry) => entry.seq === null || entry.seq > seq)
    if (kept.length === this.#entries.length) return
    this.#bytes -= this.#entries.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#bytes += kept.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#entries = kept
    this.#merged = null
    if (kept.length === 0) this.#isDisordered = false
  }

  /** All of it as one update, the same bytes for all who ask until it changes. */
  merged(): Uint8Array {
    return this.#lone ?? this.#allMerged().encode()
  }

  /** What of it a client with `known` lacks, as one update. */
  diff(known: StateVector): Uint8Array {
    return this.#allMerged().diff(known)
  }

  /** All of it, each going on where those before it ended. */
  get updates(): Uint8Array[] {
    const batches = this.#entries.map(({ parts }) => mergeUpdates(parts))
    if (this.isGathering) batches.push(mergeUpdates(this.#gathering.parts.map(({ data }) => data)))
    return this.#isDisordered ? [mergeUpdates(batches)] : batches
  }

  /** The only update there is: a page that was loaded from one row needs no second copy. */
  get #lone(): Uint8Array | null {
    const [entry] = this.#entries
    const isLone = this.#entries.length === 1 && entry?.parts.length === 1 && !this.isGathering
    return isLone ? (entry?.parts[0] ?? null) : null
  }

  #allMerged(): Runs {
    if (this.#merged !== null) return this.#merged
    const merged = new Runs()
    for (const update of this.updates) merged.add(freshOf(update, this.#held))
    if (!this.isEmpty) this.#merged = merged
    return merged
  }

  #enter(entry: Entry, fresh: Fresh): void {
    this.#entries.push(entry)
    this.#merged?.add(fresh)
    this.#bytes += entry.bytes
    this.#isDisordered ||= this.isGathering
  }

  #find(batch: string): Entry | undefined {
    return this.#entries.findLast((entry) => entry.batch === batch)
  }
}
