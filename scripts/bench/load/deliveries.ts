/**
 * Who has received what in a room: each edit is recognised by the struct clocks it adds or, where it only takes away, by
 * those it deletes, so that updates merged on the way count right.
 */
import * as Y from 'yjs'

/** Where a writer's edits show: the number of the edit by the clock it adds first, or takes away first. */
export interface EditIndex {
  readonly added: readonly (number | undefined)[]
  readonly deleted: readonly (number | undefined)[]
}

/** Edits of one writer from `from` up to, not including, `to`. */
interface Span {
  readonly writer: number
  from: number
  to: number
}

const KEPT_UPDATES = 8

export class Deliveries {
  readonly #numbers: ReadonlyMap<number, number>
  readonly #indexes: readonly EditIndex[]
  readonly #sentAt: readonly Float64Array[]
  readonly #delivered: (sentAt: number, at: number) => void
  /** All readers get the same bytes: decoded once. */
  readonly #kept: { readonly bytes: Uint8Array; readonly spans: readonly Span[] }[] = []
  #next = 0

  /**
   * @param writers clientID and edits of each
   * @param delivered called once for each edit and each member that received it
   */
  constructor(
    writers: readonly { readonly client: number; readonly edits: number; readonly index: EditIndex }[],
    delivered: (sentAt: number, at: number) => void,
  ) {
    this.#numbers = new Map(writers.map(({ client }, at) => [client, at]))
    this.#indexes = writers.map(({ index }) => index)
    this.#sentAt = writers.map(({ edits }) => new Float64Array(edits))
    this.#delivered = delivered
  }

  sent(writer: number, edit: number, at: number): void {
    const sentAt = this.#sentAt[writer]
    if (sentAt !== undefined) sentAt[edit] = at
  }

  /** @param self the writer that this reader is itself, or null: its own words need not come back to it */
  reader(self: number | null): DeliveryReader {
    return new DeliveryReader(this, self, this.#sentAt.length)
  }

  /** Edits of `writer` reached a reader. */
  count(writer: number, from: number, to: number, at: number): void {
    const sentAt = this.#sentAt[writer]
    if (sentAt === undefined) return
    for (let edit = from; edit < to; edit++) this.#delivered(sentAt[edit] as number, at)
  }

  spans(update: Uint8Array): readonly Span[] {
    const known = this.#kept.find(({ bytes }) => bytes.length === update.length && Buffer.compare(bytes, update) === 0)
    if (known !== undefined) return known.spans
    const spans = this.#decode(update)
    this.#kept[this.#next] = { bytes: update, spans }
    this.#next = (this.#next + 1) % KEPT_UPDATES
    return spans
  }

  #decode(update: Uint8Array): readonly Span[] {
    const { structs, ds } = Y.decodeUpdate(update)
    const spans = new Map<number, Span>()
    for (const struct of structs) {
      if (!(struct instanceof Y.Skip)) this.#look('added', struct.id.client, struct.id.clock, struct.length, spans)
    }
    for (const [client, deletes] of ds.clients) {
      for (const { clock, len } of deletes) this.#look('deleted', client, clock, len, spans)
    }
    return [...spans.values()]
  }

  #look(what: keyof EditIndex, client: number, clock: number, length: number, spans: Map<number, Span>): void {
    const writer = this.#numbers.get(client)
    if (writer === undefined) return
    const index = this.#indexes[writer]?.[what] ?? []
    const end = Math.min(clock + length, index.length)
    for (let at = clock; at < end; at++) {
      const edit = index[at]
      if (edit === undefined) continue
      const span = spans.get(writer)
      if (span === undefined) spans.set(writer, { writer, from: edit, to: edit + 1 })
      else {
        span.from = Math.min(span.from, edit)
        span.to = Math.max(span.to, edit + 1)
      }
    }
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

  /** Edits of others that it has. */
  get received(): number {
    return this.#received
  }

  /** Edits of one writer that it has, from the first on. */
  has(writer: number): number {
    return this.#next[writer] ?? 0
  }

  /** @returns whether it brought anything new */
  receive(update: Uint8Array, at: number): boolean {
    const before = this.#received
    for (const { writer, from, to } of this.#deliveries.spans(update)) {
      const next = this.#next[writer] ?? 0
      // Beyond a gap nothing can be shown yet: a later message has to bring all of it.
      if (writer === this.#self || from > next || to <= next) continue
      this.#deliveries.count(writer, next, to, at)
      this.#received += to - next
      this.#next[writer] = to
    }
    return this.#received > before
  }
}
