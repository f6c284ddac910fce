/** One socket from its opening to its end: frames in and out, and whether anybody is still there. */
import { Message, SUBPROTOCOL, TOKEN_PREFIX } from '../protocol.ts'
import type { Ports, SocketLike } from './ports.ts'

/** What is said to a silent service: ask who is here, which it always answers. */
const PROBE = Uint8Array.of(Message.queryAwareness)
/** Silent for this long, the service is asked … */
const SILENT_MS = 7000
/** … and is gone when it says nothing for this long after. */
const ANSWER_MS = 7000
/** A handshake that takes longer is begun anew: what the network dropped of it is sent again ever more seldom. */
const HANDSHAKE_MS = 15_000
/** Until the page is there a large message may be on its way. */
const OPENING_MS = 30_000
const OPEN = 1
/** What a header can carry; of anything else a browser would speak with the token in its words. */
const SENDABLE = /^[\w!#$%&'*+.^`|~-]*$/
/** What a socket that was lost ends with. */
const LOST = 1006

export interface LinkParts {
  readonly ports: Ports
  readonly url: string
  readonly token: string
  /** Whether silence is worth a question now. */
  readonly isNeeded: () => boolean
  readonly opened: () => void
  readonly heard: (frame: Uint8Array) => void
  /** Called once. */
  readonly ended: (code: number, reason: string) => void
}

export class Link {
  readonly #parts: LinkParts
  readonly #socket: SocketLike
  #ended = false
  #heardAt: number
  #askedAt: number | null = null
  #buffered = 0
  #patience = HANDSHAKE_MS
  #stopLooking: () => void = () => undefined

  /** @throws Error when no socket can be made, as for a bad address or a token that is none */
  constructor(parts: LinkParts) {
    this.#parts = parts
    const { ports, url, token } = parts
    if (!SENDABLE.test(token)) throw new Error('what was given as the token cannot be one')
    this.#heardAt = ports.now()
    const socket = ports.openSocket(url, [SUBPROTOCOL, ...(token === '' ? [] : [`${TOKEN_PREFIX}${token}`])])
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.#heardAt = ports.now()
      this.#patience = OPENING_MS
      parts.opened()
    }
    socket.onmessage = ({ data }) => {
      if (this.#ended) return
      this.#heardAt = ports.now()
      this.#askedAt = null
      // Not by its class: that may be another realm's.
      if (typeof data === 'object' && data !== null) parts.heard(new Uint8Array(data as ArrayBuffer))
    }
    // A close follows.
    socket.onerror = () => undefined
    socket.onclose = ({ code, reason }) => this.#end(code, reason)
    this.#lookIn(SILENT_MS)
  }

  get isOpen(): boolean {
    return !this.#ended && this.#socket.readyState === OPEN
  }

  send(frame: Uint8Array): void {
    if (this.isOpen) this.#socket.send(frame)
  }

  /** The page is there: from now on silence is judged sooner. */
  settled(): void {
    this.#patience = ANSWER_MS
  }

  /** Asks now whether anybody is there: the device slept, or changed its network. */
  probe(): void {
    if (!this.isOpen || this.#askedAt !== null) return
    this.#askedAt = this.#parts.ports.now()
    this.send(PROBE)
    this.#stopLooking()
    this.#lookIn(this.#patience)
  }

  /** Ends the socket, without waiting for the other side. */
  end(code = 1000, reason = ''): void {
    if (this.#ended) return
    this.#end(code, reason)
    this.#socket.close(1000)
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#stopLooking()
    this.#parts.ended(code, reason)
  }

  #lookIn(ms: number): void {
    this.#stopLooking = this.#parts.ports.after(ms, () => this.#look())
  }

  /** A timer may come late by any time, as in a device that slept: only an answer that does not come tells. */
  #look(): void {
    const now = this.#parts.ports.now()
    const { bufferedAmount } = this.#socket
    // What is written out slowly is read by somebody.
    if (bufferedAmount < this.#buffered) {
      this.#heardAt = now
      this.#askedAt = null
    }
    this.#buffered = bufferedAmount
    if (!this.isOpen) {
      const left = this.#heardAt + this.#patience - now
      if (left <= 0) return this.end(LOST)
      return this.#lookIn(left)
    }
    if (this.#askedAt !== null) {
      const left = this.#askedAt + this.#patience - now
      if (left <= 0) return this.end(LOST)
      return this.#lookIn(left)
    }
    const silent = now - this.#heardAt
    if (!this.#parts.isNeeded()) this.#lookIn(SILENT_MS)
    else if (silent >= SILENT_MS) this.probe()
    else this.#lookIn(SILENT_MS - silent)
  }
}
