/** Whether a socket is read: not while there is any reason against it. What is not read stays with its sender. */
import type { WebSocket } from 'ws'

/** Why a socket is not read, as bits. */
export const Reason = {
  /** Its page is not there yet. */
  opening: 1,
  /** Too much waits for its commit. */
  unsaved: 2,
  /** It sends too fast. */
  rate: 4,
  /** What its caller may do is being asked. */
  deciding: 8,
  /** It does not read what it asks for. */
  full: 16,
} as const
export type Reason = (typeof Reason)[keyof typeof Reason]

export class Reading {
  readonly #ws: WebSocket
  #reasons: number = Reason.opening

  /** @param ws paused, because it is opening */
  constructor(ws: WebSocket) {
    this.#ws = ws
  }

  isStoppedFor(reason: Reason): boolean {
    return (this.#reasons & reason) !== 0
  }

  stop(reason: Reason): void {
    this.#reasons |= reason
    this.#ws.pause()
  }

  go(reason: Reason): void {
    this.#reasons &= ~reason
    if (this.#reasons === 0) this.#ws.resume()
  }
}
