/** Ranges of clocks of an update, and what is known of each clock. */
import * as Y from 'yjs'
import { NO_LIMITS, scanUpdate } from '../../room/scan.ts'
import { Ref } from '../../room/scan-content.ts'
import { Field, STRIDE } from '../../room/structs.ts'

/** Calls `range` for what an update writes, in the order of its clients. */
export const eachWritten = (update: Uint8Array, range: (client: number, clock: number, end: number) => void): void => {
  const { runs, structs } = scanUpdate(update, NO_LIMITS)
  for (const { client, first, last } of runs) {
    let start = -1
    let end = -1
    for (let at = first * STRIDE; at < last * STRIDE; at += STRIDE) {
      if (structs[at + Field.ref] === Ref.skip) continue
      const clock = structs[at + Field.clock] as number
      if (clock !== end) {
        if (start >= 0) range(client, start, end)
        start = clock
      }
      end = structs[at + Field.endClock] as number
    }
    if (start >= 0) range(client, start, end)
  }
}

/** Calls `range` for what an update deletes. */
export const eachDeleted = (update: Uint8Array, range: (client: number, clock: number, end: number) => void): void => {
  for (const [client, clock, length] of scanUpdate(update, NO_LIMITS).deletes ?? [])
    range(client, clock, clock + length)
}

type Each = typeof eachWritten

const gather = (updates: readonly Uint8Array[], each: Each): ReturnType<typeof Y.createDeleteSet> => {
  const set = Y.createDeleteSet()
  const add = (client: number, clock: number, end: number) => {
    const items = set.clients.get(client)
    const item = { clock, len: end - clock }
    if (items === undefined) set.clients.set(client, [item])
    else items.push(item)
  }
  for (const update of updates) each(update, add)
  return Y.mergeDeleteSets([set])
}

/** What the updates write, as Yjs keeps ranges. */
export const insertedRanges = (updates: readonly Uint8Array[]) => gather(updates, eachWritten)

/** What the updates delete, as Yjs keeps ranges. */
export const deletedRanges = (updates: readonly Uint8Array[]) => gather(updates, eachDeleted)

interface Range<T> {
  readonly clock: number
  readonly end: number
  readonly value: T
}

/** What is known of each clock of each client; the first that is told of a clock stays. */
export class Known<T> {
  readonly #clients = new Map<number, Range<T>[]>()
  #isSorted = true

  add(client: number, clock: number, end: number, value: T): void {
    const ranges = this.#clients.get(client)
    if (ranges === undefined) this.#clients.set(client, [{ clock, end, value }])
    else ranges.push({ clock, end, value })
    this.#isSorted = false
  }

  /** What is known of a clock, and up to where it holds. */
  find(client: number, clock: number): { readonly value: T | undefined; readonly until: number } {
    this.#sort()
    const ranges = this.#clients.get(client) ?? []
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ranges[middle] as Range<T>).end <= clock) low = middle + 1
      else high = middle
    }
    const range = ranges[low]
    if (range === undefined) return { value: undefined, until: Number.POSITIVE_INFINITY }
    if (range.clock > clock) return { value: undefined, until: range.clock }
    return { value: range.value, until: range.end }
  }

  /** Sorts, and cuts what was told again. */
  #sort(): void {
    if (this.#isSorted) return
    this.#isSorted = true
    for (const [client, ranges] of this.#clients) this.#clients.set(client, withoutOverlaps(ranges))
  }
}

const withoutOverlaps = <T>(ranges: Range<T>[]): Range<T>[] => {
  const sorted = ranges.every((range, at) => at === 0 || (ranges[at - 1] as Range<T>).end <= range.clock)
    ? ranges
    : ranges
        .map((range, at) => ({ range, at }))
        .sort((a, b) => a.range.clock - b.range.clock || a.at - b.at)
        .map(({ range }) => range)
  const result: Range<T>[] = []
  let end = 0
  for (const range of sorted) {
    if (range.end <= end) continue
    result.push(range.clock >= end ? range : { ...range, clock: end })
    end = range.end
  }
  return result
}
