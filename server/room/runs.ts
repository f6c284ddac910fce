/**
 * Updates merged as they come, without decoding any again: each goes on where those before it ended, so merging is
 * appending. What `Y.mergeUpdates` gives for the same updates holds the same, in more structs and for more time.
 */
import * as Y from 'yjs'
import { IdSet } from './id-set.ts'
import type { Keys } from './keys.ts'
import { LazyMap } from './lazy-map.ts'
import { EMPTY_UPDATE } from './merge.ts'
import type { Reached } from './reach.ts'
import { Run } from './run.ts'
import { NO_LIMITS, scanUpdate } from './scan.ts'
import { stateVectorBytes } from './state-vector.ts'
import { Field, STRIDE } from './structs.ts'
import { type Piece, writeUpdate } from './write.ts'

/** An update that was let in, cut down to what is new of it. */
export interface Fresh {
  /** It as a Yjs V1 update. */
  readonly bytes: Uint8Array
  /** What `taken` and `structs` speak of; the same bytes, or those that came. */
  readonly source: Uint8Array
  readonly structs: readonly number[]
  readonly taken: readonly Reached[]
  readonly deletes: IdSet | null
  readonly keys: Keys
}

export class Runs {
  /** Most are a lone update, and need none. */
  readonly #runs = new LazyMap<number, Run>()
  #deletes: IdSet | null = null
  /** A lone update is passed on as it came. */
  #only: Fresh | null = null
  #encoded: Uint8Array | null = EMPTY_UPDATE
  #encodedDeletes: Uint8Array | null = null

  get isEmpty(): boolean {
    return this.#only === null && this.#runs.size === 0 && this.#deletes === null
  }

  /** Bytes held, about. */
  get size(): number {
    let size = this.#only?.bytes.length ?? 0
    for (const run of this.#runs.values()) size += run.size
    return size
  }

  /** Adds what was let in behind all that was added before. */
  add(fresh: Fresh): void {
    if (this.isEmpty) {
      this.#only = fresh
      this.#encoded = fresh.bytes
      return
    }
    this.#spread()
    this.#append(fresh)
  }

  /** All of it as one Yjs V1 update; the same bytes until more is added. */
  encode(): Uint8Array {
    this.#encoded ??= writeUpdate(
      Array.from(this.#runs.values(), (run) => run.piece()),
      this.#deletesBytes(),
    )
    return this.#encoded
  }

  /** What a client with `known` lacks of it, as one Yjs V1 update; all deletes are in it. */
  diff(known: ReadonlyMap<number, number>): Uint8Array {
    if (this.isEmpty) return EMPTY_UPDATE
    this.#spread()
    const pieces: Piece[] = []
    let lacksAll = true
    for (const run of this.#runs.values()) {
      const clock = known.get(run.client) ?? 0
      if (clock > run.clock) lacksAll = false
      if (clock <= run.clock) pieces.push(run.piece())
      else if (clock < run.end) pieces.push(cut(run, clock))
    }
    return lacksAll ? this.encode() : writeUpdate(pieces, this.#deletesBytes())
  }

  #spread(): void {
    const only = this.#only
    if (only === null) return
    this.#only = null
    this.#append(only)
  }

  #append({ source, structs, taken, deletes, keys }: Fresh): void {
    for (const { run, first, next } of taken) {
      const to = next === run.last ? run.end : (structs[next * STRIDE + Field.start] as number)
      this.#runOf(run.client, structs[first * STRIDE + Field.clock] as number).append(
        { source, structs, first, next, to },
        () => keys.isAtKey(first),
      )
    }
    if (deletes !== null) {
      this.#deletes ??= new IdSet()
      this.#deletes.addAll(deletes)
      this.#encodedDeletes = null
    }
    this.#encoded = null
  }

  #runOf(client: number, clock: number): Run {
    const known = this.#runs.get(client)
    if (known !== undefined) return known
    const run = new Run(client, clock)
    this.#runs.set(client, run)
    return run
  }

  #deletesBytes(): Uint8Array | null {
    if (this.#deletes === null) return null
    this.#encodedDeletes ??= this.#deletes.encode()
    return this.#encodedDeletes
  }
}

/** What of a run is at `clock` or later. A struct that reaches over it is cut, which Yjs does. */
const cut = (run: Run, clock: number): Piece => {
  const whole = writeUpdate([run.piece()], null)
  const bytes = Y.diffUpdate(whole, stateVectorBytes(new Map([[run.client, clock]])))
  const { runs, structs, deletesAt } = scanUpdate(bytes, NO_LIMITS)
  const [rest] = runs
  if (rest === undefined) throw new Error(`nothing of client ${run.client} is left from clock ${clock} on`)
  return {
    client: run.client,
    clock: structs[rest.first * STRIDE + Field.clock] as number,
    count: rest.last - rest.first,
    bytes: bytes.subarray(structs[rest.first * STRIDE + Field.start], deletesAt),
  }
}
