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

/** Cuts a server's byte stream into frames. */
export class FrameReader {
  #pieces: Buffer[] = []
  #held = 0
  /** Bytes with which the frame that has begun is whole. */
  #needed = 0

  /** @throws Error when a message comes in pieces, which no server here sends */
  push(data: Buffer, each: (frame: Frame) => void): void {
    this.#pieces.push(data)
    this.#held += data.length
    if (this.#held < this.#needed) return
    // A page of megabytes comes in hundreds of reads: joined once, when all of it is here.
    const bytes = this.#pieces.length === 1 ? data : Buffer.concat(this.#pieces, this.#held)
    let at = 0
    for (;;) {
      const end = frameEnd(bytes, at)
      if (end === null || end.end > bytes.length) {
        this.#keep(bytes.subarray(at), end === null ? 0 : end.end - at)
        return
      }
      const first = bytes[at] ?? 0
      if ((first & FIN) === 0 || (first & 0x0f) === Opcode.continuation) throw new Error('a message in pieces')
      each({ opcode: first & 0x0f, payload: bytes.subarray(end.start, end.end) })
      at = end.end
    }
  }

  #keep(rest: Buffer, needed: number): void {
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#held = rest.length
    this.#needed = needed
  }
}

const frameEnd = (bytes: Buffer, at: number): { start: number; end: number } | null => {
  if (bytes.length < at + 2) return null
  const short = (bytes[at + 1] ?? 0) & 0x7f
  if (short < 126) return { start: at + 2, end: at + 2 + short }
  const start = at + (short === 126 ? 4 : 10)
  if (bytes.length < start) return null
  const length = short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  return { start, end: start + length }
}
