/** How far the structs of an update can be taken in: what each refers to must be held, or stand causally earlier. */
import { LazyMap } from './lazy-map.ts'
import { structAt } from './nesting.ts'
import type { ScannedUpdate } from './scan.ts'
import { Ref } from './scan-content.ts'
import { Field, type Run, STRIDE } from './structs.ts'

/** What of a run is new, and how much of that is causally complete. */
export interface Reached {
  readonly run: Run
  /** Index of the first new struct; `last` where there is none. */
  readonly first: number
  /** Index after the last struct that can be taken in. */
  next: number
  /** Index after the last struct; skips at the end of a run say nothing. */
  readonly last: number
  /** The client's clock when all before `next` is taken in. */
  clock: number
}

/** Index of the first struct that reaches beyond `clock`, or `last`. */
const firstBeyond = (structs: readonly number[], run: Run, last: number, clock: number): number => {
  let low = run.first
  let high = last
  while (low < high) {
    const middle = (low + high) >> 1
    if ((structs[middle * STRIDE + Field.endClock] as number) <= clock) low = middle + 1
    else high = middle
  }
  return low
}

class Reach {
  readonly reached: Reached[] = []
  /** Whether the first new struct of some run is held in part. */
  readonly cutsStruct: boolean
  readonly #structs: readonly number[]
  readonly #held: ReadonlyMap<number, number>
  readonly #byClient: ReadonlyMap<number, Reached> | null
  /** Runs that wait, by the struct that they wait for; each waits for one at most. */
  readonly #waiting = new LazyMap<number, Reached[]>()

  constructor(update: ScannedUpdate, held: ReadonlyMap<number, number>) {
    const { structs } = update
    let cuts = false
    this.#structs = structs
    this.#held = held
    for (const run of update.runs) {
      const clock = held.get(run.client) ?? 0
      let last = run.last
      while (last > run.first && structs[(last - 1) * STRIDE + Field.ref] === Ref.skip) last--
      const first = firstBeyond(structs, run, last, clock)
      const at = first * STRIDE
      if (first < last && structs[at + Field.ref] !== Ref.skip && (structs[at + Field.clock] as number) < clock)
        cuts = true
      this.reached.push({ run, first, next: first, last, clock })
    }
    this.cutsStruct = cuts
    this.#byClient = this.reached.length > 1 ? new Map(this.reached.map((each) => [each.run.client, each])) : null
  }

  walkAll(): void {
    const ready = [...this.reached]
    for (let each = ready.pop(); each !== undefined; each = ready.pop()) this.#walk(each, ready)
  }

  #walk(each: Reached, ready: Reached[]): void {
    const structs = this.#structs
    while (each.next < each.last) {
      const at = each.next * STRIDE
      if (structs[at + Field.clock] !== each.clock || structs[at + Field.ref] === Ref.skip) return
      if (!this.#holds(each, at + Field.beforeClient) || !this.#holds(each, at + Field.afterClient)) return
      const taken = each.next++
      each.clock = structs[at + Field.endClock] as number
      if (this.#waiting.size > 0) this.#release(taken, ready)
    }
  }

  /** Whether the reference at `at` is to what is held or taken in; if it may be yet, the run waits. */
  #holds(each: Reached, at: number): boolean {
    const client = this.#structs[at] as number
    // The scan lets no struct refer to what its own client wrote later.
    if (client === -1 || client === each.run.client) return true
    const clock = this.#structs[at + 1] as number
    const other = this.#byClient?.get(client)
    if (other === undefined) return clock < (this.#held.get(client) ?? 0)
    if (clock < other.clock) return true
    const awaited = structAt(this.#structs, other.run, clock)
    if (awaited === -1) return false
    const waiting = this.#waiting.get(awaited)
    if (waiting === undefined) this.#waiting.set(awaited, [each])
    else waiting.push(each)
    return false
  }

  #release(struct: number, ready: Reached[]): void {
    const waiting = this.#waiting.get(struct)
    if (waiting === undefined) return
    this.#waiting.delete(struct)
    for (const each of waiting) ready.push(each)
  }
}

/**
 * Takes in all that is causally complete over `held`, a contiguous state vector.
 * @returns null where a struct is held in part, so that it has to be cut first
 */
export const reach = (update: ScannedUpdate, held: ReadonlyMap<number, number>): readonly Reached[] | null => {
  const reaching = new Reach(update, held)
  if (reaching.cutsStruct) return null
  reaching.walkAll()
  return reaching.reached
}
