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
} from '../shared/protocol.ts'
import type { Caller, Grant } from './access.ts'
import type { Logger } from './ports.ts'
import type { Member } from './room/member.ts'
import { EMPTY_PRESENCE } from './room/presence.ts'
import type { Room } from './room/room.ts'
import type { Rooms } from './room/rooms.ts'
import type { Reply } from './room/sync.ts'
import type { Wire } from './wire.ts'

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

export interface SocketSettings {
  /** Bytes of one live update. */
  readonly maxUpdateBytes: number
}

export interface SocketParts {
  readonly rooms: Rooms
  readonly logger: Logger
  readonly settings: SocketSettings
  readonly wire: Wire
}

/** What a socket is once caller and room are known. */
export interface Place {
  readonly roomId: string
  readonly caller: Caller
  readonly grant: Grant
  /** Whether it speaks `scriptorium.v1`. */
  readonly acknowledged: boolean
}

export class Socket implements Member {
  readonly #ws: WebSocket
  readonly #net: NetSocket
  readonly #parts: SocketParts
  readonly #place: Place
  #room: Room | null = null
  #closed = false
  #sentAt: number
  #heardAt: number
  #pingedAt: number
  #buffered = 0
  #progressAt: number
  #unreadSince: number | null = null
  #forgetRelief: () => void = () => undefined
  /** The sweep's clock: exact enough for deadlines of seconds, and free. */
  #now: number

  /** @param now by the clock of the sweep */
  constructor(ws: WebSocket, net: NetSocket, place: Place, parts: SocketParts, now: number) {
    this.#ws = ws
    this.#net = net
    this.#place = place
    this.#parts = parts
    this.#now = now
    this.#sentAt = this.#heardAt = this.#pingedAt = this.#progressAt = now
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    ws.on('pong', () => {
      this.#heardAt = this.#now
    })
    net.on('drain', this.#onDrain)
  }

  get user(): string | null {
    return this.#place.caller.user
  }

  get role(): Grant['role'] {
    return this.#place.grant.role
  }

  get acknowledged(): boolean {
    return this.#place.acknowledged
  }

  get isFull(): boolean {
    return this.#net.writableLength > FULL_BYTES
  }

  /** Joins its room; nothing is read before. @throws PageDeleted, DatabaseError */
  async join(): Promise<void> {
    const room = await this.#parts.rooms.join(this.#place.roomId, this)
    if (this.#closed) {
      room.leave(this, true)
      return
    }
    this.#room = room
    this.#ws.resume()
  }

  send(message: Reply, kind: 'sync' | 'presence' | 'control'): void {
    if (this.#closed || this.#ws.readyState !== this.#ws.OPEN) return
    if (kind === 'presence' && this.#net.writableLength > CROWDED_BYTES) return
    this.#sentAt = this.#now
    this.#parts.wire.write(this.#net, message)
  }

  sendAll(messages: readonly Reply[]): void {
    this.#net.cork()
    for (const message of messages) this.send(message, 'sync')
    this.#net.uncork()
  }

  close(code: CloseCode, text: string, retryAfterMs?: number): void {
    if (this.#closed) return
    if (code === Close.unauthorized || code === Close.forbidden || code === Close.deleted) {
      this.#ws.send(deniedMessage(text))
    }
    this.#ended(true)
    // A paused socket would never read the client's answer to the close frame.
    this.#ws.resume()
    this.#ws.close(code, closeReason(code, text, retryAfterMs))
  }

  /** The socket is gone. @param code the close code it ended with; 1006: it was lost */
  gone(code: number): void {
    this.#ended(code !== 1006)
  }

  /** Called every few seconds for all sockets by one timer. */
  sweep(now: number): void {
    this.#now = now
    if (this.#closed || this.#room === null) return
    const buffered = this.#net.writableLength
    if (buffered < this.#buffered || buffered <= CROWDED_BYTES) this.#progressAt = now
    this.#buffered = buffered
    if (now - this.#progressAt > STUCK_MS) this.close(Close.overloaded, 'you read too slowly', RETRY_MS)
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
        if (this.acknowledged) return
        throw new Error('message 6 is only for clients of scriptorium.v1')
      default:
        message satisfies never
    }
  }

  /** Too much waits for its commit: the client keeps what it writes until half of that is committed. */
  #stopReading(): void {
    if (this.#closed || this.#unreadSince !== null) return
    this.#unreadSince = this.#now
    this.#ws.pause()
    this.#forgetRelief = this.#parts.rooms.onRelief(() => {
      this.#unreadSince = null
      if (!this.#closed) this.#ws.resume()
    })
  }

  #ended(clean: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#forgetRelief()
    this.#room?.leave(this, clean)
    this.#room = null
    this.#net.off('drain', this.#onDrain)
  }

  readonly #onDrain = (): void => {
    if (this.#net.writableLength < CROWDED_BYTES) this.#room?.resume(this)
  }
}
