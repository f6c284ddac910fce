/** Who has received what in a room: recognised by struct clocks, so that updates merged on the way count right. */
import * as Y from 'yjs'

/** Structs of one client with clocks from `from` up to, not including, `to`. */
interface Range {
  readonly writer: number
  readonly from: number
  readonly to: number
}

const KEPT_UPDATES = 64

export class Deliveries {
  readonly #writers: ReadonlyMap<number, number>
  readonly #sentAt: readonly Float64Array[]
  readonly #delivered: (sentAt: number, at: number) => void
  /** All readers get the same bytes: decoded once. */
  readonly #decoded = new Map<string, readonly Range[]>()

  /**
   * @param writers clientID and number of inserts of each writer
   * @param delivered called once for each insert and each member that received it
   */
  constructor(
    writers: readonly { readonly client: number; readonly inserts: number }[],
    delivered: (sentAt: number, at: number) => void,
  ) {
    this.#writers = new Map(writers.map(({ client }, at) => [client, at]))
    this.#sentAt = writers.map(({ inserts }) => new Float64Array(inserts))
    this.#delivered = delivered
  }

  sent(writer: number, clock: number, at: number): void {
    const sentAt = this.#sentAt[writer]
    if (sentAt !== undefined && clock >= 0) sentAt[clock] = at
  }

  /** @param self the writer that this reader is itself, or null: its own words need not come back to it */
  reader(self: number | null): DeliveryReader {
    return new DeliveryReader(this, self, this.#sentAt.length)
  }

  /** Inserts of `writer` from clock `from` on reached a reader. */
  count(writer: number, from: number, to: number, at: number): void {
    const sentAt = this.#sentAt[writer]
    if (sentAt === undefined) return
    for (let clock = from; clock < to; clock++) this.#delivered(sentAt[clock] ?? Number.NaN, at)
  }

  ranges(update: Uint8Array): readonly Range[] {
    const key = Buffer.from(update.buffer, update.byteOffset, update.length).toString('latin1')
    const known = this.#decoded.get(key)
    if (known !== undefined) return known
    if (this.#decoded.size >= KEPT_UPDATES) this.#decoded.clear()
    const { from, to } = Y.parseUpdateMeta(update)
    const ranges: Range[] = []
    for (const [client, first] of from) {
      const writer = this.#writers.get(client)
      if (writer !== undefined) ranges.push({ writer, from: first, to: to.get(client) ?? first })
    }
    this.#decoded.set(key, ranges)
    return ranges
  }
}

export class DeliveryReader {
  readonly #deliveries: Deliveries
  readonly #self: number | null
  readonly #next: Int32Array
  #received = 0

  constructor(deliveries: Deliveries, self: number | null, writers: number) {
    this.#deliveries = deliveries
    this.#self = self
    this.#next = new Int32Array(writers)
  }

  /** Inserts of others that it has. */
  get received(): number {
    return this.#received
  }

  receive(update: Uint8Array, at: number): void {
    for (const { writer, from, to } of this.#deliveries.ranges(update)) {
      const next = this.#next[writer] ?? 0
      // Beyond a gap nothing can be shown yet: a later message has to bring all of it.
      if (writer === this.#self || from > next || to <= next) continue
      this.#deliveries.count(writer, next, to, at)
      this.#received += to - next
      this.#next[writer] = to
    }
  }
}
