/** Delete sets: for each client, the ranges of clocks that are deleted. */
import * as encoding from 'lib0/encoding'
import { Cursor } from './cursor.ts'

/** A range of deleted clocks of one client. */
export interface DeleteRange {
  readonly client: number
  readonly clock: number
  readonly length: number
}

export class Deletes {
  /** Sorted, disjoint and not adjacent: start, end, start, end … */
  readonly #ranges = new Map<number, number[]>()

  /** Reads an encoded delete set. @throws InvalidUpdate */
  static decode(bytes: Uint8Array): Deletes {
    const cursor = new Cursor(bytes)
    const deletes = new Deletes()
    for (const range of readDeletes(cursor)) deletes.add(range)
    cursor.end()
    return deletes
  }

  get isEmpty(): boolean {
    return this.#ranges.size === 0
  }

  add({ client, clock, length }: DeleteRange): void {
    const end = clock + length
    const held = this.#ranges.get(client)
    if (held === undefined) {
      this.#ranges.set(client, [clock, end])
      return
    }
    const lastEnd = held[held.length - 1] as number
    if (clock > lastEnd) {
      held.push(clock, end)
      return
    }
    const from = firstEndingAt(held, clock)
    let to = from
    let start = clock
    let stop = end
    while (to < held.length && (held[to] as number) <= end) {
      start = Math.min(start, held[to] as number)
      stop = Math.max(stop, held[to + 1] as number)
      to += 2
    }
    held.splice(from, to - from, start, stop)
  }

  /** The parts of `range` that are not held. */
  missing({ client, clock, length }: DeleteRange): DeleteRange[] {
    const held = this.#ranges.get(client)
    const end = clock + length
    if (held === undefined) return [{ client, clock, length }]
    const missing: DeleteRange[] = []
    let at = clock
    for (let i = firstEndingAt(held, clock + 1); i < held.length && (held[i] as number) < end; i += 2) {
      const start = held[i] as number
      if (at < start) missing.push({ client, clock: at, length: start - at })
      at = Math.max(at, held[i + 1] as number)
    }
    if (at < end) missing.push({ client, clock: at, length: end - at })
    return missing
  }

  /** Encodes as Yjs does: clients in descending order. */
  encode(): Uint8Array {
    return encoding.encode((encoder) => this.write(encoder))
  }

  write(encoder: encoding.Encoder): void {
    encoding.writeVarUint(encoder, this.#ranges.size)
    for (const [client, ranges] of [...this.#ranges].sort((a, b) => b[0] - a[0])) {
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, ranges.length / 2)
      for (let i = 0; i < ranges.length; i += 2) {
        const start = ranges[i] as number
        encoding.writeVarUint(encoder, start)
        encoding.writeVarUint(encoder, (ranges[i + 1] as number) - start)
      }
    }
  }
}

/** The index of the first range whose end is at or past `clock`. */
const firstEndingAt = (ranges: readonly number[], clock: number): number => {
  let low = 0
  let high = ranges.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[2 * middle + 1] as number) < clock) low = middle + 1
    else high = middle
  }
  return 2 * low
}

/** Reads the delete set at the cursor. @throws InvalidUpdate */
export const readDeletes = (cursor: Cursor): DeleteRange[] => {
  const ranges: DeleteRange[] = []
  const seen = new Set<number>()
  for (let clients = cursor.varUint(); clients > 0; clients--) {
    const client = cursor.varUint()
    if (seen.has(client)) cursor.fail(`the delete set names client ${client} twice`)
    seen.add(client)
    for (let count = cursor.varUint(); count > 0; count--) {
      const clock = cursor.varUint()
      const length = cursor.length()
      cursor.checkClock(clock + length)
      ranges.push({ client, clock, length })
    }
  }
  return ranges
}
