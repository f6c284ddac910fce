/** The tail of a room: what its snapshot does not hold, committed and not yet committed, in the order it was taken in. */
import type { Part } from '../log/port.ts'
import { mergeUpdates } from './merge.ts'

/** One update as a room took it in. */
export interface Gathered {
  readonly author: string | null
  readonly via: string | null
  readonly data: Uint8Array
}

interface Entry {
  readonly batch: string
  /** Set once the batch is known to be committed. */
  seq: number | null
  readonly data: Uint8Array
}

export class Tail {
  #entries: Entry[] = []
  #gathering: Gathered[] = []
  #merged: Uint8Array | null = null
  #bytes = 0
  #unsaved = 0

  /** Bytes held, committed or not. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes not known to be committed. */
  get unsavedBytes(): number {
    return this.#unsaved
  }

  /** Committed batches held. */
  get rows(): number {
    return this.#entries.length
  }

  get isGathering(): boolean {
    return this.#gathering.length > 0
  }

  /** Adds an update that waits for its commit. */
  gather(update: Gathered): void {
    this.#gathering.push(update)
    this.#merged = null
    this.#bytes += update.data.length
    this.#unsaved += update.data.length
  }

  /** Adds a batch that is committed already, read from the log. */
  addCommitted(batch: string, seq: number, data: Uint8Array): void {
    this.#entries.push({ batch, seq, data })
    this.#merged = null
    this.#bytes += data.length
  }

  /** Cuts what has gathered into one batch: merged together for readers, by author for the log. */
  cut(batch: string): Part[] {
    const gathered = this.#gathering
    this.#gathering = []
    const data = mergeUpdates(gathered.map((update) => update.data))
    const before = gathered.reduce((sum, update) => sum + update.data.length, 0)
    this.#entries.push({ batch, seq: null, data })
    this.#bytes += data.length - before
    this.#unsaved += data.length - before
    return partsByAuthor(gathered, data)
  }

  /** Marks a batch as committed. @returns whether it is held here and was not marked before */
  commit(batch: string, seq: number): boolean {
    const entry = this.#find(batch)
    if (entry === undefined || entry.seq !== null) return false
    entry.seq = seq
    this.#unsaved -= entry.data.length
    return true
  }

  /** Whether a batch was cut or read here. */
  holds(batch: string): boolean {
    return this.#find(batch) !== undefined
  }

  /** Drops what a snapshot at `seq` holds. */
  dropThrough(seq: number): void {
    const kept = this.#entries.filter((entry) => entry.seq === null || entry.seq > seq)
    const dropped = this.#entries.length - kept.length
    if (dropped === 0) return
    for (const entry of this.#entries) if (entry.seq !== null && entry.seq <= seq) this.#bytes -= entry.data.length
    this.#entries = kept
    this.#merged = null
  }

  /** All of it as one update, merged once for all who ask until it changes. */
  merged(): Uint8Array {
    this.#merged ??= mergeUpdates(this.updates)
    return this.#merged
  }

  /** All of it, in the order it was taken in. */
  get updates(): Uint8Array[] {
    return [...this.#entries.map((entry) => entry.data), ...this.#gathering.map((update) => update.data)]
  }

  #find(batch: string): Entry | undefined {
    for (let at = this.#entries.length - 1; at >= 0; at--) {
      const entry = this.#entries[at]
      if (entry?.batch === batch) return entry
    }
    return undefined
  }
}

const partsByAuthor = (gathered: readonly Gathered[], merged: Uint8Array): Part[] => {
  const first = gathered[0] as Gathered
  if (gathered.every((update) => update.author === first.author && update.via === first.via)) {
    return [{ author: first.author, via: first.via, data: merged }]
  }
  const groups = new Map<string, Gathered[]>()
  for (const update of gathered) {
    const key = JSON.stringify([update.author, update.via])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [update])
    else group.push(update)
  }
  return [...groups.values()].map((group) => {
    const { author, via } = group[0] as Gathered
    return { author, via, data: mergeUpdates(group.map((update) => update.data)) }
  })
}
