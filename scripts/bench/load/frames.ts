/** WebSocket frames (RFC 6455) of a client that costs little: whole binary messages, nothing more. */

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

const FIN = 0x80
const MASKED = 0x80
const MASK_BYTES = 4

/** A client's frame. Its mask is zero, so the payload stands as it is and needs no pass over it. */
export const clientFrame = (opcode: number, payload: Uint8Array): Buffer => {
  const { length } = payload
  const sizeBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const header = 2 + sizeBytes + MASK_BYTES
  const frame = Buffer.alloc(header + length)
  frame[0] = FIN | opcode
  frame[1] = MASKED | (sizeBytes === 0 ? length : sizeBytes === 2 ? 126 : 127)
  if (sizeBytes === 2) frame.writeUInt16BE(length, 2)
  if (sizeBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.set(payload, header)
  return frame
}

const NONE = Buffer.alloc(0)
/** Of a server's frame, at most. */
const HEADER_BYTES = 10

/** Tells whether it is done with the frame's bytes, which are used again then. */
type Each = (frame: Frame) => boolean

interface Span {
  readonly start: number
  readonly end: number
}

/** Cuts a server's byte stream into frames. */
export class FrameReader {
  /** The frame that has begun, from its first byte on; room for all of it once its length is known. */
  #begun = NONE
  #held = 0

  /** @throws Error when a message comes in pieces, which no server here sends */
  push(data: Buffer, each: Each): void {
    let at = 0
    while (this.#held > 0 && at < data.length) at = this.#continue(data, at, each)
    for (;;) {
      const end = frameEnd(data, at)
      if (end === null || end.end > data.length) break
      give(data, at, end, each)
      at = end.end
    }
    if (at < data.length) this.#keep(data, at, data.length)
  }

  /** Goes on with the frame that has begun. @returns how far the data is used */
  #continue(data: Buffer, at: number, each: Each): number {
    const length = frameEnd(this.#begun.subarray(0, this.#held), 0)?.end ?? this.#held + 1
    const to = Math.min(data.length, at + length - this.#held)
    this.#keep(data, at, to)
    const bytes = this.#begun.subarray(0, this.#held)
    const end = frameEnd(bytes, 0)
    if (end === null || end.end > bytes.length) return to
    this.#held = 0
    // Room that is new each time is new memory to the system too: for pages of megabytes that costs as much as to read them.
    if (!give(bytes, 0, end, each)) this.#begun = NONE
    return to
  }

  #keep(data: Buffer, from: number, to: number): void {
    const size = this.#held + to - from
    if (size > this.#begun.length) {
      const head = Buffer.concat([
        this.#begun.subarray(0, this.#held),
        data.subarray(from, Math.min(to, from + HEADER_BYTES)),
      ])
      const grown = Buffer.allocUnsafeSlow(Math.max(size, frameEnd(head, 0)?.end ?? HEADER_BYTES))
      this.#begun.copy(grown, 0, 0, this.#held)
      this.#begun = grown
    }
    data.copy(this.#begun, this.#held, from, to)
    this.#held = size
  }
}

const give = (bytes: Buffer, at: number, { start, end }: Span, each: Each): boolean => {
  const first = bytes[at] ?? 0
  if ((first & FIN) === 0 || (first & 0x0f) === Opcode.continuation) throw new Error('a message in pieces')
  return each({ opcode: first & 0x0f, payload: bytes.subarray(start, end) })
}

const frameEnd = (bytes: Buffer, at: number): Span | null => {
  if (bytes.length < at + 2) return null
  const short = (bytes[at + 1] ?? 0) & 0x7f
  if (short < 126) return { start: at + 2, end: at + 2 + short }
  const start = at + (short === 126 ? 4 : 10)
  if (bytes.length < start) return null
  const length = short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  return { start, end: start + length }
}
