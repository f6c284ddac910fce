/** Counts the bytes of the frame that a socket is in the middle of sending. */
import type { Socket as NetSocket } from 'node:net'
import type { Partials, Receiving } from './partial.ts'

/** Half-received frames smaller than this are not worth counting. */
const TRACKED_BYTES = 65_536

export class FrameBytes {
  readonly #net: NetSocket
  readonly #partials: Partials
  readonly #owner: Receiving
  #bytes = 0

  constructor(net: NetSocket, partials: Partials, owner: Receiving) {
    this.#net = net
    this.#partials = partials
    this.#owner = owner
    // Before ws reads it, which may make a frame whole.
    net.prependListener('data', this.#onData)
  }

  /** A frame is whole. */
  whole(): void {
    if (this.#bytes > TRACKED_BYTES) this.#partials.end(this.#owner)
    this.#bytes = 0
  }

  /** The socket is gone. */
  end(): void {
    this.#net.off('data', this.#onData)
    this.whole()
  }

  readonly #onData = (chunk: Buffer): void => {
    const before = this.#bytes
    this.#bytes += chunk.length
    if (this.#bytes > TRACKED_BYTES) {
      this.#partials.add(this.#owner, before > TRACKED_BYTES ? chunk.length : this.#bytes)
    }
  }
}
