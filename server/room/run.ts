/**
 * The structs that one client wrote one after the other, as bytes that grow. Where a text goes on right behind the last
 * one it becomes part of it, as it would in a Y.Doc: ten keystrokes are one struct then. (Yjs joins two items where the
 * second has the first as its origin and both have the same right origin; splitting the joined one gives both again.)
 */

import { putVarUint, varUintSize } from '../../shared/varuint.ts'
import { Reader } from './reader.ts'
import { Ref } from './scan-content.ts'
import { Field, STRIDE } from './structs.ts'
import type { Piece } from './write.ts'

/** Structs of one client in an update that was scanned: indices from `first` up to `next`, bytes up to `to`. */
export interface Stretch {
  readonly source: Uint8Array
  readonly structs: readonly number[]
  readonly first: number
  readonly next: number
  readonly to: number
}

/** A text at the end of the run: where its length stands, and what must be so for another to join it. */
interface OpenText {
  readonly lengthAt: number
  bytes: number
  readonly afterClient: number
  readonly afterClock: number
}

const FIRST_BYTES = 64

export class Run {
  readonly client: number
  /** Clock of the first struct, and the one after the last. */
  readonly clock: number
  end: number
  #count = 0
  #bytes = new Uint8Array(FIRST_BYTES)
  #size = 0
  #text: OpenText | null = null

  constructor(client: number, clock: number) {
    this.client = client
    this.clock = clock
    this.end = clock
  }

  get size(): number {
    return this.#size
  }

  /** Its structs; the bytes are a view that the next `append` may change. */
  piece(): Piece {
    return { client: this.client, clock: this.clock, count: this.#count, bytes: this.#bytes.subarray(0, this.#size) }
  }

  /**
   * Appends structs that begin at `end` or, where those between belong elsewhere, later.
   * @param isAtKey whether the first of them lies at a key of a map, where each item must stay one of its own
   */
  append(stretch: Stretch, isAtKey: () => boolean): void {
    const { structs, first, next } = stretch
    const clock = structs[first * STRIDE + Field.clock] as number
    if (clock < this.end) throw new Error(`client ${this.client} wrote clock ${clock} before`)
    if (clock > this.end) this.#skip(clock - this.end)
    const joined = this.#joins(structs, first) && !isAtKey()
    if (joined) this.#join(stretch)
    if (!joined || next > first + 1) this.#copy(stretch, joined ? first + 1 : first)
    this.end = structs[(next - 1) * STRIDE + Field.endClock] as number
  }

  #joins(structs: readonly number[], struct: number): boolean {
    const text = this.#text
    const at = struct * STRIDE
    return (
      text !== null &&
      structs[at + Field.ref] === Ref.string &&
      structs[at + Field.beforeClient] === this.client &&
      structs[at + Field.beforeClock] === this.end - 1 &&
      structs[at + Field.isInside] === 0 &&
      structs[at + Field.afterClient] === text.afterClient &&
      structs[at + Field.afterClock] === text.afterClock
    )
  }

  #join({ source, structs, first }: Stretch): void {
    const text = this.#text as OpenText
    const reader = new Reader(source, structs[first * STRIDE + Field.content])
    const length = reader.varUint()
    const sizeNow = varUintSize(text.bytes)
    const sizeThen = varUintSize(text.bytes + length)
    this.#reserve(sizeThen - sizeNow + length)
    if (sizeThen > sizeNow) {
      this.#bytes.copyWithin(text.lengthAt + sizeThen, text.lengthAt + sizeNow, this.#size)
      this.#size += sizeThen - sizeNow
    }
    text.bytes += length
    putVarUint(this.#bytes, text.lengthAt, text.bytes)
    this.#bytes.set(source.subarray(reader.at, reader.at + length), this.#size)
    this.#size += length
  }

  #copy({ source, structs, next, to }: Stretch, first: number): void {
    const from = structs[first * STRIDE + Field.start] as number
    const last = (next - 1) * STRIDE
    this.#reserve(to - from)
    this.#bytes.set(source.subarray(from, to), this.#size)
    this.#text = null
    if (structs[last + Field.ref] === Ref.string) {
      const contentAt = structs[last + Field.content] as number
      this.#text = {
        lengthAt: this.#size + contentAt - from,
        bytes: new Reader(source, contentAt).varUint(),
        afterClient: structs[last + Field.afterClient] as number,
        afterClock: structs[last + Field.afterClock] as number,
      }
    }
    this.#size += to - from
    this.#count += next - first
  }

  #skip(length: number): void {
    this.#reserve(1 + varUintSize(length))
    this.#bytes[this.#size] = Ref.skip
    this.#size = putVarUint(this.#bytes, this.#size + 1, length)
    this.#count++
    this.#text = null
    this.end += length
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size + more))
    grown.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = grown
  }
}
