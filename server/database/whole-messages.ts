/**
 * What PostgreSQL answers, handed on in whole messages. It comes in pieces of some kilobytes, and `pg` joins those of a
 * large message by copying them again and again, each time to twice the room: a page of 57 kB leaves 240 kB to collect.
 */
import pg from 'pg'

/** A message is its kind, one byte, and its length, four, which counts all but the kind (PostgreSQL, 55.7). */
const HEADER_BYTES = 5
/** Room that is kept for the next message; what a larger one took is given back. */
const KEPT_BYTES = 256 * 1024
/** So much is made room for on the word of a header: it may be of no PostgreSQL at all. */
const BELIEVED_BYTES = 1024 * 1024

type Take = (bytes: Buffer) => void

/** Bytes of the message that begins at `at`, its header at least, whatever that says; undefined: it is not whole. */
const lengthAt = (bytes: Buffer, at: number, end: number): number | undefined =>
  at + HEADER_BYTES <= end ? Math.max(HEADER_BYTES, 1 + bytes.readUInt32BE(at + 1)) : undefined

/** Regroups what comes into whole messages, however it is cut. */
export class WholeMessages {
  readonly #take: Take
  #held = Buffer.alloc(0)
  #size = 0

  /** @param take gets whole messages, one or more; what it gets is overwritten later */
  constructor(take: Take) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    let at = 0
    while (this.#size > 0 && at < chunk.length) at = this.#complete(chunk, at)
    let end = at
    let length = lengthAt(chunk, end, chunk.length)
    while (length !== undefined && end + length <= chunk.length) {
      end += length
      length = lengthAt(chunk, end, chunk.length)
    }
    if (end > at) this.#take(chunk.subarray(at, end))
    if (end < chunk.length) this.#hold(chunk, end, chunk.length, length)
  }

  /** Adds to what is held up to the end of its header, or of itself. @returns how far the chunk is used */
  #complete(chunk: Buffer, at: number): number {
    const length = lengthAt(this.#held, 0, this.#size)
    const to = Math.min(chunk.length, at + (length ?? HEADER_BYTES) - this.#size)
    this.#hold(chunk, at, to, length)
    if (this.#size === lengthAt(this.#held, 0, this.#size)) this.#release()
    return to
  }

  #hold(chunk: Buffer, from: number, to: number, length = HEADER_BYTES): void {
    const size = this.#size + to - from
    const needed = Math.max(size, Math.min(length, BELIEVED_BYTES))
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(length, 2 * this.#held.length)))
      this.#held.copy(grown, 0, 0, this.#size)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#size, from, to)
    this.#size = size
  }

  #release(): void {
    const message = this.#held.subarray(0, this.#size)
    this.#size = 0
    if (this.#held.length > KEPT_BYTES) this.#held = Buffer.alloc(0)
    this.#take(message)
  }
}

interface Stream {
  on(event: string, listener: (bytes: Buffer) => void): unknown
}

const regrouped = (stream: Stream): Stream => ({
  on: (event, listener) => {
    if (event !== 'data') return stream.on(event, listener)
    const messages = new WholeMessages(listener)
    return stream.on(event, (chunk) => messages.push(chunk))
  },
})

/** A client of `pg` that reads whole messages. */
export class WholeMessagesClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    const { connection } = this as unknown as { connection: { attachListeners(stream: Stream): void } }
    const attach = connection.attachListeners.bind(connection)
    connection.attachListeners = (stream) => attach(regrouped(stream))
  }
}
