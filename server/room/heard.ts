/**
 * What other processes have sent before its commit was read from the log. Nobody knows yet whether it is durable: a batch
 * that goes on from it brings it along, and so does one that is written because it has not come for long.
 */
import type { Part } from '../log/port.ts'
import { added, NOTHING } from './gathered.ts'
import { IdSet } from './id-set.ts'
import type { Fresh } from './runs.ts'
import { NO_LIMITS, scanUpdate } from './scan.ts'
import { Ref } from './scan-content.ts'
import { Field, STRIDE } from './structs.ts'

interface Piece {
  /** What the room counted it as: nothing from here on is known to be durable. */
  readonly mark: number
  /** As it came, by who wrote it. */
  readonly parts: readonly Part[]
  readonly at: number
  /** Marks it as committed where it is held. */
  readonly settle: (seq: number) => void
  /** Ids, and deletes, that are not read from the log yet. */
  structs: IdSet
  deletes: IdSet
  /** The batch of this process that brings it along. */
  batch: string | null
}

/** Whoever wrote it should have committed it by then. */
const OVERDUE_MS = 3000

export class Heard {
  #pieces: readonly Piece[] = NOTHING
  /** All ids of the pieces; null: to be gathered at the next need. */
  #ids: IdSet | null = null

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** The lowest mark that is not known to be durable. */
  get firstMark(): number {
    return this.#pieces[0]?.mark ?? Number.POSITIVE_INFINITY
  }

  /** Adds what was taken in. @param now by the clock, in ms */
  add(fresh: Fresh, piece: Pick<Piece, 'mark' | 'parts' | 'settle'>, now: number): void {
    const { structs, deletes } = idsOf(fresh)
    this.#pieces = added<Piece>(this.#pieces, { ...piece, structs, deletes, at: now, batch: null })
    this.#ids?.addAll(structs)
  }

  /** Whether an update goes on from what was only heard, or deletes of it. */
  isNeededBy({ structs, taken, deletes }: Fresh): boolean {
    if (this.isEmpty) return false
    const ids = this.#allIds()
    for (const { run, first, next } of taken) {
      const clock = structs[first * STRIDE + Field.clock] as number
      if (clock > 0 && ids.has(run.client, clock - 1)) return true
      for (let at = first * STRIDE; at < next * STRIDE; at += STRIDE) {
        if (refersTo(ids, structs, at + Field.beforeClient) || refersTo(ids, structs, at + Field.afterClient))
          return true
      }
    }
    return deletes !== null && ids.subtract(deletes) !== deletes
  }

  /** Whether something should have been read from the log by now, and no batch brings it along. */
  isOverdue(now: number): boolean {
    return this.#pieces.some(({ at, batch }) => batch === null && now - at >= OVERDUE_MS)
  }

  /** The parts that `batch` brings along: all that no other does. */
  bring(batch: string): Part[] {
    const parts: Part[] = []
    for (const piece of this.#pieces) {
      if (piece.batch !== null) continue
      piece.batch = batch
      parts.push(...piece.parts)
    }
    return parts
  }

  /** A batch of this process was committed as `seq`. */
  committed(batch: string, seq: number): void {
    this.#settle(seq, (piece) => piece.batch === batch)
  }

  /** An update was read from the log, as `seq`: what it holds is durable. */
  read(update: Uint8Array, seq: number): void {
    if (this.isEmpty) return
    const { structs, runs, deletes } = scanUpdate(update, NO_LIMITS)
    const taken = runs.map((run) => ({ run, first: run.first, next: run.last }))
    const logged = idsOf({ structs, taken, deletes })
    this.#settle(seq, (piece) => {
      piece.structs = logged.structs.subtract(piece.structs)
      piece.deletes = logged.deletes.subtract(piece.deletes)
      return piece.structs.isEmpty && piece.deletes.isEmpty
    })
  }

  #settle(seq: number, isDurable: (piece: Piece) => boolean): void {
    let kept: readonly Piece[] = NOTHING
    for (const piece of this.#pieces) {
      if (isDurable(piece)) piece.settle(seq)
      else kept = added(kept, piece)
    }
    if (kept.length === this.#pieces.length) return
    this.#pieces = kept
    this.#ids = null
  }

  #allIds(): IdSet {
    if (this.#ids !== null) return this.#ids
    const ids = new IdSet()
    for (const { structs } of this.#pieces) ids.addAll(structs)
    this.#ids = ids
    return ids
  }
}

interface Scanned {
  readonly structs: readonly number[]
  readonly taken: readonly {
    readonly run: { readonly client: number }
    readonly first: number
    readonly next: number
  }[]
  readonly deletes: IdSet | null
}

const refersTo = (ids: IdSet, structs: readonly number[], at: number): boolean =>
  structs[at] !== -1 && ids.has(structs[at] as number, structs[at + 1] as number)

const idsOf = ({ structs, taken, deletes }: Scanned): { structs: IdSet; deletes: IdSet } => {
  const ids = new IdSet()
  for (const { run, first, next } of taken) {
    for (let at = first * STRIDE; at < next * STRIDE; at += STRIDE) {
      if (structs[at + Field.ref] === Ref.skip) continue
      const clock = structs[at + Field.clock] as number
      ids.add(run.client, clock, (structs[at + Field.endClock] as number) - clock)
    }
  }
  return { structs: ids, deletes: deletes ?? new IdSet() }
}
