/**
 * The front of several workers: accepts every connection, reads no more of it than its first line, and gives it away with
 * the bytes read. It is read by one of the two at any moment, so nothing that was sent is lost or read twice.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock, Counters } from '../ports.ts'

export interface FrontParts {
  readonly clock: Clock
  readonly counters: Counters
  /** Bytes that a first line may have. */
  readonly maxLineBytes: number
  /** Connections whose first line has not come, at most. */
  readonly maxWaiting: number
  /** Takes a connection that is not read any more, with what was read of it: its first line and what came along. */
  readonly give: (socket: Socket, head: Buffer) => void
}

/** Whoever has not sent a first line by then is cut. */
const LINE_MS = 10_000
const SWEEP_MS = 1000
const LINE_FEED = 10
const RETURN = 13

const TOO_LARGE = 'HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n'

interface Waiting {
  readonly since: number
  head: Buffer
}

export class Front {
  readonly server: Server
  readonly #parts: FrontParts
  /** Oldest first. */
  readonly #waiting = new Map<Socket, Waiting>()
  #stopSweep: (() => void) | null = null

  constructor(parts: FrontParts) {
    this.#parts = parts
    // Without a mark to fill up to, a socket stops reading with each chunk: only so is nothing read after it was given.
    this.server = createServer({ highWaterMark: 0, allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    )
  }

  /** Connections whose first line has not come. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Accepts no more and cuts what waits. */
  close(): void {
    this.#stopSweep?.()
    this.server.close()
    for (const socket of this.#waiting.keys()) socket.destroy()
  }

  #accept(socket: Socket): void {
    const { clock, counters, maxWaiting } = this.#parts
    // Whoever means it sends at once, so the one that waits longest means it least.
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size >= maxWaiting && oldest !== undefined) {
      counters.count('connections_cut')
      oldest.destroy()
      this.#waiting.delete(oldest)
    }
    this.#waiting.set(socket, { since: clock.now(), head: Buffer.alloc(0) })
    this.#sweepLater()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#waiting.delete(socket))
    const cut = () => void socket.destroy()
    socket.on('end', cut)
    const read = () => {
      const waiting = this.#waiting.get(socket)
      const chunk: Buffer | null = waiting === undefined ? null : socket.read()
      if (waiting === undefined || chunk === null) return
      waiting.head = waiting.head.length === 0 ? chunk : Buffer.concat([waiting.head, chunk])
      const end = lineEnd(waiting.head)
      if (end < 0 && waiting.head.length < this.#parts.maxLineBytes) return void socket.read(0)
      socket.off('readable', read)
      this.#waiting.delete(socket)
      socket.off('end', cut)
      if (end < 0 || end > this.#parts.maxLineBytes) this.#refuse(socket)
      else this.#parts.give(socket, waiting.head)
    }
    socket.on('readable', read)
  }

  #refuse(socket: Socket): void {
    this.#parts.counters.count('limit_header_bytes')
    socket.end(TOO_LARGE, () => socket.destroy())
  }

  #sweepLater(): void {
    this.#stopSweep ??= this.#parts.clock.after(SWEEP_MS, () => {
      this.#stopSweep = null
      const before = this.#parts.clock.now() - LINE_MS
      for (const [socket, { since }] of this.#waiting) {
        if (since > before) break
        this.#parts.counters.count('connections_cut')
        socket.destroy()
        this.#waiting.delete(socket)
      }
      if (this.#waiting.size > 0) this.#sweepLater()
    })
  }
}

/** Where the first line ends; empty lines before it do not count, as in HTTP. -1: not here yet. */
const lineEnd = (head: Buffer): number => {
  let start = 0
  while (head[start] === LINE_FEED || head[start] === RETURN) start++
  return start === head.length ? -1 : head.indexOf(LINE_FEED, start)
}
