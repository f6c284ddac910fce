/** One WebSocket, one member of a room: frames in and out, sizes, buffers, close codes. */
import type { Socket as NetSocket } from 'node:net'
import type { WebSocket } from 'ws'
import {
  awarenessMessage,
  Close,
  type CloseCode,
  closeReason,
  deniedMessage,
  readClientMessage,
  stateMessage,
} from '../shared/protocol.ts'
import type { Refusal } from './access.ts'
import type { Counters, Logger } from './ports.ts'
import type { Barrier, Identity, Member } from './room/member.ts'
import { EMPTY_PRESENCE } from './room/presence.ts'
import type { Room } from './room/room.ts'
import type { Rooms } from './room/rooms.ts'
import { Reading, Reason } from './socket-reading.ts'
import type { Decision, Rights } from './socket-rights.ts'

/** Past this a reader gets no presence. */
const CROWDED_BYTES = 1_000_000
/** Past this a reader gets no updates either, until it drains; then it is brought up to date by state vector. */
const FULL_BYTES = 8_000_000
/** A reader that takes nothing for this long, or a writer that is not read for this long, is told to try again. */
const STUCK_MS = 30_000
/** Stock clients reconnect after 30 s without a message; pings do not count. */
const SILENT_MS = 20_000
const PING_MS = 25_000
const RETRY_MS = 2000

/** Closed with one of these, a stock client of 1.x or 2.x comes again at once and brings the same. */
const STUBBORN: ReadonlySet<CloseCode> = new Set([
  Close.badMessage,
  Close.unauthorized,
  Close.forbidden,
  Close.deleted,
  Close.tooLarge,
])
/** Of those, message 2 precedes them. */
const DENIALS: ReadonlySet<CloseCode> = new Set([Close.unauthorized, Close.forbidden, Close.deleted])

/** Closes a socket that is still open, paused or not. */
export const refuse = (ws: WebSocket, code: CloseCode, text: string, retryAfterMs?: number): void => {
  if (ws.readyState !== ws.OPEN) return
  if (DENIALS.has(code)) ws.send(deniedMessage(text))
  // A paused socket would never read the client's answer to the close frame.
  ws.resume()
  ws.close(code, closeReason(code, text, retryAfterMs))
}

export interface SocketSettings {
  /** Bytes of one live update. */
  readonly maxUpdateBytes: number
  /** Whether readers are seen by the others. */
  readonly readerPresence: boolean
}

export interface SocketParts {
  readonly rooms: Rooms
  readonly logger: Logger
  readonly counters: Counters
  readonly settings: SocketSettings
  readonly now: number
  /** Calls `refuse` after the hold of a stock client that will come again at once. */
  readonly hold: (refuse: () => void) => void
}

/** What a socket is once caller and room are known. */
export interface Place {
  readonly roomId: string
  readonly rights: Rights
  /** Whether it speaks `scriptorium.v1`. */
  readonly acknowledged: boolean
}

export class Socket implements Member {
  readonly #ws: WebSocket
  readonly #net: NetSocket
  readonly #parts: SocketParts
  readonly #place: Place
  readonly #reading: Reading
  #room: Room | null = null
  #closed = false
  #sentAt: number
  #heardAt: number
  #pingedAt: number
  #buffered = 0
  #progressAt: number
  #unreadSince: number | null = null
  /** Frames that came while it was asked what their sender may do. */
  #held: [data: Buffer, isBinary: boolean][] = []
  /** The newest token that waits for the one before it. */
  #nextToken: string | null = null
  #forgetRelief: () => void = () => undefined
  /** The sweep's clock: exact enough for deadlines of seconds, and free. */
  #now: number

  constructor(ws: WebSocket, net: NetSocket, place: Place, parts: SocketParts) {
    this.#ws = ws
    this.#net = net
    this.#place = place
    this.#parts = parts
    this.#reading = new Reading(ws)
    this.#now = parts.now
    this.#sentAt = this.#heardAt = this.#pingedAt = this.#progressAt = parts.now
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    ws.on('pong', () => {
      this.#heardAt = this.#now
    })
    net.on('drain', this.#onDrain)
  }

  get user(): string | null {
    return this.rights.caller.user
  }

  get identity(): Identity | null {
    const { user, name, isProven } = this.rights.caller
    return isProven && user !== null ? { id: user, name: name ?? user } : null
  }

  get barrier(): Barrier | null {
    return this.rights.barrier
  }

  get isShown(): boolean {
    return this.rights.role !== 'read' || this.#parts.settings.readerPresence
  }

  get rights(): Rights {
    return this.#place.rights
  }

  get acknowledged(): boolean {
    return this.#place.acknowledged
  }

  get isFull(): boolean {
    return this.#ws.bufferedAmount > FULL_BYTES
  }

  /** Joins its room; nothing is read before. @throws PageDeleted, DatabaseError */
  async join(): Promise<void> {
    const room = await this.#parts.rooms.join(this.#place.roomId, this)
    if (this.#closed) {
      room.leave(this, true)
      return
    }
    this.#room = room
    this.#tellState()
    this.#reading.go(Reason.opening)
  }

  /** Acts on a change of rights; resolves when nothing that is barred now can be written any more. */
  async reconsider(): Promise<void> {
    await this.#decide(this.rights.decide())
  }

  send(frame: Uint8Array, kind: 'sync' | 'presence' | 'control'): void {
    if (this.#closed || (kind === 'presence' && this.#ws.bufferedAmount > CROWDED_BYTES)) return
    this.#sentAt = this.#now
    this.#ws.send(frame)
  }

  close(code: CloseCode, text: string, retryAfterMs?: number): void {
    if (this.#closed) return
    if (!this.acknowledged && STUBBORN.has(code)) return this.#closeHeld(code, text)
    this.#ended(true)
    refuse(this.#ws, code, text, retryAfterMs)
  }

  /** y-websocket 1.x and 2.x come again at once with what was refused, so the refusal is held back first. */
  #closeHeld(code: CloseCode, text: string): void {
    this.#ended(true)
    this.#ws.pause()
    this.#parts.hold(() => refuse(this.#ws, code, text))
  }

  /** The socket is gone. @param code the close code it ended with; 1006: it was lost */
  gone(code: number): void {
    this.#ended(code !== 1006)
  }

  /** Called every few seconds for all sockets by one timer. */
  sweep(now: number): void {
    this.#now = now
    if (this.#closed || this.#room === null) return
    const buffered = this.#ws.bufferedAmount
    if (buffered < this.#buffered || buffered <= CROWDED_BYTES) this.#progressAt = now
    this.#buffered = buffered
    if (this.rights.isExpired(now)) this.close(Close.unauthorized, 'the token has expired')
    else if (now - this.#progressAt > STUCK_MS) this.close(Close.overloaded, 'you read too slowly', RETRY_MS)
    else if (this.#unreadSince !== null && now - this.#unreadSince > STUCK_MS) {
      this.close(Close.overloaded, 'the database is away', RETRY_MS)
    } else if (now - this.#heardAt > 2 * PING_MS + SILENT_MS) this.#ws.terminate()
    else {
      if (now - this.#sentAt > SILENT_MS) this.send(awarenessMessage(EMPTY_PRESENCE), 'presence')
      if (now - this.#pingedAt > PING_MS) {
        this.#pingedAt = now
        this.#ws.ping()
      }
    }
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const room = this.#room
    if (this.#closed || room === null) return
    this.#heardAt = this.#now
    if (this.#reading.isStoppedFor(Reason.deciding)) {
      this.#held.push([data, isBinary])
      return
    }
    try {
      if (!isBinary) throw new Error('a text frame; messages are binary')
      this.#handle(room, data)
    } catch (error) {
      this.#parts.logger.info({ room: room.roomId, error: String(error) }, 'bad message, socket closed')
      this.close(Close.badMessage, error instanceof Error ? error.message : 'bad message')
    }
    if (this.#parts.rooms.isFull) this.#stopReading()
  }

  #handle(room: Room, frame: Uint8Array): void {
    const message = readClientMessage(frame)
    switch (message.type) {
      case 'step1':
        return room.step1(this, message.stateVector)
      case 'step2':
        return room.receive(this, 'step2', message.update)
      case 'update': {
        const { maxUpdateBytes } = this.#parts.settings
        if (message.update.length <= maxUpdateBytes) return room.receive(this, 'live', message.update)
        return room.refuseTooLarge(this, `an update may have ${maxUpdateBytes} bytes`)
      }
      case 'awareness':
        return room.receivePresence(this, message.update)
      case 'queryAwareness':
        return room.queryPresence(this)
      case 'token':
        if (this.acknowledged) return this.#renew(message.token)
        throw new Error('message 6 is only for clients of scriptorium.v1')
      default:
        message satisfies never
    }
  }

  /** A fresh token: one is looked at, and of those that come meanwhile the newest. */
  #renew(token: string): void {
    if (this.#reading.isStoppedFor(Reason.deciding)) {
      this.#nextToken = token
      return
    }
    this.#decide(this.rights.renew(token))
      .catch((error: unknown) => {
        this.#parts.logger.warn({ error: String(error) }, 'a fresh token could not be looked at')
        this.close(Close.overloaded, 'the token cannot be looked at now', RETRY_MS)
      })
      .finally(() => {
        const next = this.#nextToken
        this.#nextToken = null
        if (next !== null && !this.#closed) this.#renew(next)
      })
  }

  /** Reads nothing until it is known what the caller may do now. */
  async #decide(deciding: Promise<Decision>): Promise<void> {
    this.#reading.stop(Reason.deciding)
    const decision = await deciding
    if (this.#closed) return
    if (typeof decision === 'object') return this.#refused(decision)
    if (decision !== 'same') {
      this.#parts.counters.count('rights_changed')
      this.#tellState()
    }
    if (decision === 'more') this.#room?.askAgain(this)
    this.#reading.go(Reason.deciding)
    const held = this.#held
    this.#held = []
    for (const [data, isBinary] of held) this.#receive(data, isBinary)
  }

  #refused(decision: Refusal): void {
    if ('again' in decision) return this.close(Close.overloaded, decision.again, RETRY_MS)
    if ('denied' in decision) return this.close(Close.forbidden, decision.denied)
    this.close(Close.unauthorized, decision.refused)
  }

  #tellState(): void {
    if (!this.acknowledged || this.#room === null) return
    const { role, frozen, barrier } = this.rights
    const reason = barrier?.reason
    const state = {
      role,
      frozen: frozen !== null,
      ...(reason === undefined ? {} : { reason }),
      pageBytes: this.#room.bytes,
    }
    this.send(stateMessage(state), 'control')
  }

  /** Too much waits for its commit: the client keeps what it writes until half of that is committed. */
  #stopReading(): void {
    if (this.#closed || this.#unreadSince !== null) return
    this.#unreadSince = this.#now
    this.#reading.stop(Reason.unsaved)
    this.#forgetRelief = this.#parts.rooms.onRelief(() => {
      this.#unreadSince = null
      if (!this.#closed) this.#reading.go(Reason.unsaved)
    })
  }

  #ended(clean: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#forgetRelief()
    this.#held = []
    this.#room?.leave(this, clean)
    this.#room = null
    this.#net.off('drain', this.#onDrain)
  }

  readonly #onDrain = (): void => {
    if (this.#ws.bufferedAmount < CROWDED_BYTES) this.#room?.resume(this)
  }
}
