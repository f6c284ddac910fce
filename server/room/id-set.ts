/** Sets of ids (deleted ones, say): for each client its clocks, as sorted ranges that neither touch nor overlap. */

import { putVarUint, varUintSize } from '../../shared/varuint.ts'
import { InvalidUpdate, Reader } from './reader.ts'

/** Clocks stay below this: Yjs computes with them in 32 bits in places. */
export const CLOCK_END = 2 ** 31

/** Starts and ends in turn: [start, end, start, end, …]. */
type Ranges = number[]

/** Index, in ranges, of the first range that ends at `clock` or later. */
const firstEndingFrom = (ranges: Ranges, clock: number): number => {
  let low = 0
  let high = ranges.length >> 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[2 * middle + 1] as number) < clock) low = middle + 1
    else high = middle
  }
  return low
}

const insert = (ranges: Ranges, start: number, end: number): void => {
  const from = firstEndingFrom(ranges, start)
  let to = from
  let first = start
  let last = end
  while (2 * to < ranges.length && (ranges[2 * to] as number) <= end) {
    first = Math.min(first, ranges[2 * to] as number)
    last = Math.max(last, ranges[2 * to + 1] as number)
    to++
  }
  ranges.splice(2 * from, 2 * (to - from), first, last)
}

/** Appends a range that starts no earlier than all of `ranges` do. */
const append = (ranges: Ranges, start: number, end: number): void => {
  const last = ranges.length - 1
  if (last > 0 && start <= (ranges[last] as number)) ranges[last] = Math.max(ranges[last] as number, end)
  else ranges.push(start, end)
}

const normalised = (ranges: Ranges): Ranges => {
  const order = Array.from({ length: ranges.length >> 1 }, (_, i) => i)
  order.sort((a, b) => (ranges[2 * a] as number) - (ranges[2 * b] as number))
  const sorted: Ranges = []
  for (const i of order) append(sorted, ranges[2 * i] as number, ranges[2 * i + 1] as number)
  return sorted
}

const isNormal = (ranges: Ranges): boolean => {
  for (let i = 2; i < ranges.length; i += 2) if ((ranges[i] as number) <= (ranges[i - 1] as number)) return false
  return true
}

const union = (a: Ranges, b: Ranges): Ranges => {
  const merged: Ranges = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (j >= b.length || (i < a.length && (a[i] as number) <= (b[j] as number))) {
      append(merged, a[i] as number, a[i + 1] as number)
      i += 2
    } else {
      append(merged, b[j] as number, b[j + 1] as number)
      j += 2
    }
  }
  return merged
}

export class IdSet {
  readonly #clients = new Map<number, Ranges>()

  /**
   * Reads a delete set as Yjs V1 writes it, which must end where the bytes end.
   * @throws InvalidUpdate where it is malformed
   */
  static decode(bytes: Uint8Array, offset = 0): IdSet {
    const reader = new Reader(bytes, offset)
    const deletes = new IdSet()
    for (let clients = reader.varUint(); clients > 0; clients--) {
      const client = reader.varUint()
      if (deletes.#clients.has(client)) throw new InvalidUpdate('a client is listed twice among the deletes')
      const ranges: Ranges = []
      const count = reader.varUint()
      if (count === 0) throw new InvalidUpdate('a client is listed without deletes')
      for (let i = 0; i < count; i++) {
        const clock = reader.varUint()
        const length = reader.varUint()
        if (length === 0) throw new InvalidUpdate('a delete is empty')
        if (clock + length >= CLOCK_END) throw new InvalidUpdate('a delete is out of range')
        ranges.push(clock, clock + length)
      }
      deletes.#clients.set(client, isNormal(ranges) ? ranges : normalised(ranges))
    }
    if (reader.at !== bytes.length) throw new InvalidUpdate('bytes are left over')
    return deletes
  }

  get isEmpty(): boolean {
    return this.#clients.size === 0
  }

  /** Whether it holds one id. */
  has(client: number, clock: number): boolean {
    const ranges = this.#clients.get(client)
    if (ranges === undefined) return false
    const at = 2 * firstEndingFrom(ranges, clock + 1)
    return at < ranges.length && (ranges[at] as number) <= clock
  }

  /** Whether it holds all clocks from `clock` up to `end`. */
  covers(client: number, clock: number, end: number): boolean {
    const ranges = this.#clients.get(client)
    if (ranges === undefined) return false
    const at = 2 * firstEndingFrom(ranges, end)
    return at < ranges.length && (ranges[at] as number) <= clock
  }

  /** @param length of at least one */
  add(client: number, clock: number, length: number): void {
    const ranges = this.#clients.get(client)
    if (ranges === undefined) this.#clients.set(client, [clock, clock + length])
    else if (clock >= (ranges[ranges.length - 2] as number)) append(ranges, clock, clock + length)
    else insert(ranges, clock, clock + length)
  }

  addAll(other: IdSet): void {
    for (const [client, added] of other.#clients) {
      const ranges = this.#clients.get(client)
      if (ranges === undefined) this.#clients.set(client, added.slice())
      else if (added.length > 16) this.#clients.set(client, union(ranges, added))
      else
        for (let i = 0; i < added.length; i += 2)
          this.add(client, added[i] as number, (added[i + 1] as number) - (added[i] as number))
    }
  }

  /** What of `incoming` is not held yet; `incoming` itself where nothing of it is. */
  subtract(incoming: IdSet): IdSet {
    const fresh = new IdSet()
    let isWhole = true
    for (const [client, ranges] of incoming.#clients) {
      const held = this.#clients.get(client)
      const rest = held === undefined ? ranges : difference(ranges, held)
      if (rest !== ranges) isWhole = false
      if (rest.length > 0) fresh.#clients.set(client, rest === ranges ? ranges.slice() : rest)
    }
    return isWhole ? incoming : fresh
  }

  /** What lies below the clock that `endOf` gives for each client; itself where all does. */
  below(endOf: (client: number) => number): IdSet {
    let isWhole = true
    for (const [client, ranges] of this.#clients) {
      if ((ranges[ranges.length - 1] as number) > endOf(client)) isWhole = false
    }
    if (isWhole) return this
    const clipped = new IdSet()
    for (const [client, clock, length] of this) {
      const end = Math.min(clock + length, endOf(client))
      if (clock < end) clipped.add(client, clock, end - clock)
    }
    return clipped
  }

  /** Gives each range as client, clock, length. */
  *[Symbol.iterator](): Generator<[client: number, clock: number, length: number]> {
    for (const [client, ranges] of this.#clients) {
      for (let i = 0; i < ranges.length; i += 2) {
        const clock = ranges[i] as number
        yield [client, clock, (ranges[i + 1] as number) - clock]
      }
    }
  }

  /** The delete set as Yjs V1 writes it: clients in descending order. */
  encode(): Uint8Array {
    const clients = [...this.#clients].sort((a, b) => b[0] - a[0])
    let size = varUintSize(clients.length)
    for (const [client, ranges] of clients) {
      size += varUintSize(client) + varUintSize(ranges.length >> 1)
      for (let i = 0; i < ranges.length; i += 2) {
        size += varUintSize(ranges[i] as number) + varUintSize((ranges[i + 1] as number) - (ranges[i] as number))
      }
    }
    const bytes = new Uint8Array(size)
    let at = putVarUint(bytes, 0, clients.length)
    for (const [client, ranges] of clients) {
      at = putVarUint(bytes, putVarUint(bytes, at, client), ranges.length >> 1)
      for (let i = 0; i < ranges.length; i += 2) {
        at = putVarUint(bytes, at, ranges[i] as number)
        at = putVarUint(bytes, at, (ranges[i + 1] as number) - (ranges[i] as number))
      }
    }
    return bytes
  }
}

/** What of `ranges` lies outside `held`; `ranges` itself where all does. */
const difference = (ranges: Ranges, held: Ranges): Ranges => {
  const rest: Ranges = []
  let isWhole = true
  let at = 2 * firstEndingFrom(held, (ranges[0] as number) + 1)
  for (let i = 0; i < ranges.length; i += 2) {
    let start = ranges[i] as number
    const end = ranges[i + 1] as number
    while (at < held.length && (held[at + 1] as number) <= start) at += 2
    let over = at
    while (over < held.length && (held[over] as number) < end) {
      isWhole = false
      if (start < (held[over] as number)) rest.push(start, held[over] as number)
      start = held[over + 1] as number
      over += 2
    }
    if (start < end) rest.push(start, end)
    at = Math.max(at, over - 2)
  }
  return isWhole ? ranges : rest
}
