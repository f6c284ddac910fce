/** Which structs of an update lie at a key of a map. Yjs takes an item's place from its origin, whatever the item itself says. */
import type { IdSet } from './id-set.ts'
import { structAt } from './nesting.ts'
import { Ref } from './scan-content.ts'
import { Field, type Run, STRIDE } from './structs.ts'

const UNKNOWN = 0
const AT_KEY = 1
const ELSEWHERE = 2

export interface HeldKeys {
  /** The ids at a key of a map; asked for only where several values might come to lie at one. */
  atKeys(): IdSet
}

export class Keys {
  readonly #structs: readonly number[]
  readonly #runs: readonly Run[]
  readonly #held: HeldKeys
  #byClient: ReadonlyMap<number, Run> | null = null
  #found: Uint8Array | null = null

  /**
   * @param runs the parts of an update that are new
   * @param held what was held before
   */
  constructor(structs: readonly number[], runs: readonly Run[], held: HeldKeys) {
    this.#structs = structs
    this.#runs = runs
    this.#held = held
  }

  /**
   * Whether a client could not read the page once its maps are emptied: Yjs keeps just the last item of a key in mind,
   * and deletes it whole. So an item at a key holds one value, or is deleted. Values that a key had are joined later.
   * @param several indices of structs that hold several values
   */
  holdSeveral(several: readonly number[], deletes: IdSet | null): boolean {
    for (const struct of several) {
      const run = this.#runs.find(({ first, last }) => first <= struct && struct < last)
      if (run === undefined || !this.isAtKey(struct)) continue
      const at = struct * STRIDE
      const [clock, end] = [this.#structs[at + Field.clock] as number, this.#structs[at + Field.endClock] as number]
      if (deletes?.covers(run.client, clock, end) !== true) return true
    }
    return false
  }

  /** Adds the ids at a key. */
  addTo(set: IdSet): void {
    // Text has no keys at all, and then no item inherits one.
    if (this.#held.atKeys().isEmpty && !this.#hasAny()) return
    for (const { client, first, last } of this.#runs) {
      for (let struct = first; struct < last; struct++) {
        if (!this.isAtKey(struct)) continue
        const clock = this.#structs[struct * STRIDE + Field.clock] as number
        set.add(client, clock, (this.#structs[struct * STRIDE + Field.endClock] as number) - clock)
      }
    }
  }

  #hasAny(): boolean {
    return this.#runs.some(({ first, last }) => {
      for (let struct = first; struct < last; struct++)
        if (this.#structs[struct * STRIDE + Field.hasKey] === 1) return true
      return false
    })
  }

  /** Whether the struct with this index lies at a key. */
  isAtKey(struct: number): boolean {
    this.#found ??= new Uint8Array(this.#structs.length / STRIDE)
    const found = this.#found
    const path: number[] = []
    let at = struct
    let answer = found[at] as number
    while (answer === UNKNOWN) {
      path.push(at)
      const next = this.#origin(at)
      if (next >= 0) {
        at = next
        answer = found[at] as number
      } else answer = -next
    }
    for (const each of path) found[each] = answer
    return answer === AT_KEY
  }

  /** Index of the struct whose place is that of `struct`, or the negative answer where that is known. */
  #origin(struct: number): number {
    const structs = this.#structs
    const at = struct * STRIDE
    const ref = structs[at + Field.ref]
    if (ref === Ref.gc || ref === Ref.skip) return -ELSEWHERE
    const field = at + ((structs[at + Field.beforeClient] as number) >= 0 ? Field.beforeClient : Field.afterClient)
    const client = structs[field] as number
    // What an item that has an origin says of its key counts for nothing.
    if (client < 0 || structs[at + Field.isInside] === 1) return structs[at + Field.hasKey] === 1 ? -AT_KEY : -ELSEWHERE
    const clock = structs[field + 1] as number
    this.#byClient ??= new Map(this.#runs.map((run) => [run.client, run]))
    const run = this.#byClient.get(client)
    const own = run === undefined ? -1 : structAt(structs, run, clock)
    if (own >= 0) return own
    return this.#held.atKeys().has(client, clock) ? -AT_KEY : -ELSEWHERE
  }
}
