/** All WebSockets of this process from their handshake on: looked after by one timer, told to come back, ended. */
import type { WebSocket } from 'ws'
import { Close } from '../shared/protocol.ts'
import type { Limits } from './limits.ts'
import { inTurn } from './pace.ts'
import type { Clock, Counters, Logger, Random } from './ports.ts'
import type { Socket } from './socket.ts'
import { refuse } from './socket-refuse.ts'
import type { Rights } from './socket-rights.ts'
import { Sweep } from './socket-sweep.ts'

const RETRY_MS = 2000
/** Of those who are told to come back at the same moment, so many come in a second. */
const BACK_PER_SECOND = 1000
/** A closing handshake that nobody answers is cut after this. */
const CLOSING_MS = 2000
/** What ws says of a frame that is larger than it may be. */
const FRAME_TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

export interface SocketsParts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  /** Where a socket that is on a page has its seat. */
  readonly limits: Limits
}

export class Sockets {
  /** Looks after those that are on a page. */
  readonly sweep: Sweep
  readonly #parts: SocketsParts
  /** Each connection, with its socket; null: it is on no page. */
  readonly #open = new Map<WebSocket, Socket | null>()
  /** One for all connections, as `#onError`. */
  readonly #onClose: (this: WebSocket, code: number) => void

  constructor(parts: SocketsParts) {
    this.#parts = parts
    this.sweep = new Sweep(parts.clock)
    const closed = (ws: WebSocket, code: number) => this.#closed(ws, code)
    this.#onClose = function (code) {
      closed(this, code)
    }
  }

  /** Takes a connection in, until it is gone. */
  add(ws: WebSocket): void {
    this.#open.set(ws, null)
    this.#parts.counters.count('sockets_opened')
    ws.on('error', this.#onError)
    ws.on('close', this.#onClose)
  }

  /** Whether a connection is still there. */
  has(ws: WebSocket): boolean {
    return this.#open.has(ws)
  }

  /** The socket of a connection; null: it is on no page. */
  of(ws: WebSocket): Socket | null {
    return this.#open.get(ws) ?? null
  }

  /** A connection that is there has its socket, and that its seat. */
  put(ws: WebSocket, socket: Socket): void {
    this.#open.set(ws, socket)
  }

  /** A connection is on no page any more, though it may stay for a while; once is enough. @param code as it is closed */
  takeAway(ws: WebSocket, code: number): void {
    const socket = this.#open.get(ws) ?? null
    if (socket === null) return
    socket.gone(code)
    this.#parts.limits.leave(socket.seat)
    this.#open.set(ws, null)
  }

  /** The rooms of this process that somebody is in, with the sockets there. */
  byRoom(): Map<string, Socket[]> {
    const rooms = new Map<string, Socket[]>()
    for (const socket of this.#open.values()) {
      if (socket === null) continue
      const others = rooms.get(socket.roomId)
      if (others === undefined) rooms.set(socket.roomId, [socket])
      else others.push(socket)
    }
    return rooms
  }

  /** Tells sockets to come back within `overMs`, which brings them to where their page is served now. */
  sendBack(sockets: Iterable<Socket>, text: string, overMs = RETRY_MS): void {
    // Whoever shares a page comes back one after another.
    for (const socket of sockets) socket.close(Close.restart, text, this.#comeBackMs(overMs))
  }

  /** Acts on changes of rights. @returns when none of those who lost a right can use it any more */
  async reconsider(concerns: (rights: Rights) => boolean): Promise<void> {
    const concerned = [...this.#open.values()].filter((socket) => socket !== null && concerns(socket.rights))
    await Promise.all(concerned.map((socket) => socket?.reconsider()))
  }

  /** Ends every socket, page after page over `spreadMs`; those that do not answer their close frame in time are cut. */
  async close(spreadMs = 0): Promise<void> {
    const { clock } = this.#parts
    this.sweep.close()
    const text = 'the service restarts'
    const rooms = [...this.byRoom().values()]
    const overMs = Math.max(RETRY_MS, (1000 * this.#open.size) / BACK_PER_SECOND - spreadMs)
    await inTurn(rooms, spreadMs, clock, (sockets) => this.sendBack(sockets, text, overMs))
    for (const [ws, socket] of this.#open) {
      socket?.close(Close.restart, text, this.#comeBackMs(overMs))
      refuse(ws, Close.restart, text, this.#comeBackMs(overMs))
    }
    const gone = [...this.#open.keys()].map((ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())))
    const cancel = clock.after(CLOSING_MS, () => {
      for (const ws of this.#open.keys()) ws.terminate()
    })
    await Promise.all(gone)
    cancel()
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    const { counters, logger } = this.#parts
    if (error.code === FRAME_TOO_LARGE) counters.count('limit_frame_bytes')
    logger.debug({ error: String(error) }, 'socket error')
  }

  #closed(ws: WebSocket, code: number): void {
    this.#parts.counters.count('sockets_closed')
    this.takeAway(ws, code)
    this.#open.delete(ws)
  }

  #comeBackMs(overMs: number): number {
    return Math.round(RETRY_MS / 4 + overMs * this.#parts.random.fraction())
  }
}
