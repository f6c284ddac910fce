/**
 * Messages as WebSocket frames, written straight to the connection: one final, binary, unmasked frame each (RFC 6455, 5.2).
 * `ws` would make a header for each reader and write two buffers. It never is in the middle of a frame of its own here:
 * without compression it writes each frame whole and at once.
 */
import type { Writable } from 'node:stream'
import type { HeadAndBody } from '../shared/protocol.ts'

/** Larger messages are written beside their header instead of being copied behind it. */
const COPIED_BYTES = 16_384
const FINAL_BINARY = 0x82

/** Makes the header of a frame, with room for `more` bytes behind it. */
const withHeader = (length: number, more: number): Buffer => {
  if (length < 126) {
    const frame = Buffer.allocUnsafe(2 + more)
    frame[1] = length
    frame[0] = FINAL_BINARY
    return frame
  }
  const frame = Buffer.allocUnsafe((length < 65_536 ? 4 : 10) + more)
  frame[0] = FINAL_BINARY
  if (length < 65_536) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  return frame
}

const NOTHING = new Uint8Array(0)

/** A message as a frame. */
export const framed = (message: Uint8Array): Buffer => {
  const frame = withHeader(message.length, message.length)
  frame.set(message, frame.length - message.length)
  return frame
}

const writeBeside = (connection: Writable, head: Uint8Array, body: Uint8Array): boolean => {
  const frame = withHeader(head.length + body.length, head.length)
  frame.set(head, frame.length - head.length)
  connection.cork()
  connection.write(frame)
  const isTaken = connection.write(body)
  connection.uncork()
  return isTaken
}

export class Wire {
  /** The last small message, framed: what is sent to all of a room is framed once. */
  #message: Uint8Array | null = null
  #frame: Buffer = Buffer.alloc(0)

  /** Writes a message, which must not change any more. @returns false: much waits to be sent, as `write` says */
  write(connection: Writable, message: Uint8Array | HeadAndBody): boolean {
    if (!(message instanceof Uint8Array)) return writeBeside(connection, ...message)
    if (message.length > COPIED_BYTES) return writeBeside(connection, NOTHING, message)
    if (message !== this.#message) {
      this.#frame = framed(message)
      this.#message = message
    }
    return connection.write(this.#frame)
  }
}
