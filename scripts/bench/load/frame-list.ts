/** Many small frames in one piece of memory: a million buffers of their own would weigh on the load's collector. */

const FIRST_BYTES = 1 << 16

export class FrameList {
  #bytes = Buffer.alloc(FIRST_BYTES)
  #used = 0
  readonly #ends: number[] = []
  readonly #bodies: number[] = []

  get length(): number {
    return this.#ends.length
  }

  /** @param bodyLength of the update with which the frame ends */
  push(frame: Buffer, bodyLength: number): void {
    const end = this.#used + frame.length
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#used)
      this.#bytes = larger
    }
    this.#bytes.set(frame, this.#used)
    this.#used = end
    this.#ends.push(end)
    this.#bodies.push(bodyLength)
  }

  /** Frame number `index`. @throws Error when there is none */
  at(index: number): Buffer {
    return this.#bytes.subarray(index === 0 ? 0 : this.#ends[index - 1], this.#end(index))
  }

  /** The update in frame number `index`. @throws Error when there is none */
  update(index: number): Uint8Array {
    const end = this.#end(index)
    return this.#bytes.subarray(end - (this.#bodies[index] ?? 0), end)
  }

  #end(index: number): number {
    const end = this.#ends[index]
    if (end === undefined) throw new Error(`there is no frame ${index}`)
    return end
  }
}
