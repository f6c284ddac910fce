/** One WebSocket, one member of a room: frames in and out, sizes, buffers, close codes. */
import type { Socket as NetSocket } from 'node:net'
import type { WebSocket } from 'ws'
import { awarenessMessage, Close, type CloseCode, Message, readClientMessage, Sync } from '../shared/protocol.ts'
import { identityOf, type Refusal } from './access.ts'
import type { Seat } from './limits.ts'
import type { Partials, Receiving } from './partial.ts'
import type { Clock, Counters, Logger } from './ports.ts'
import type { Rates } from './rates.ts'
import type { Barrier, Identity, Member, Standing } from './room/member.ts'
import { EMPTY_PRESENCE } from './room/presence.ts'
import type { Room } from './room/room.ts'
import type { Rooms } from './room/rooms.ts'
import type { Reply } from './room/sync.ts'
import { Deciding } from './socket-deciding.ts'
import { FrameBytes } from './socket-frames.ts'
import { Reading, Reason } from './socket-reading.ts'
import { refuse, STUBBORN } from './socket-refuse.ts'
import type { Decision, Rights } from './socket-rights.ts'
import { Throttle } from './socket-throttle.ts'
import type { Wire } from './wire.ts'

/** Past this a reader gets no presence. */
const CROWDED_BYTES = 1_000_000
/** Past this a reader gets no updates either, until it drains; then it is brought up to date by state vector. */
const FULL_BYTES = 8_000_000
/** A reader that takes nothing for this long, or a writer that is not read for this long, is told to try again. */
const STUCK_MS = 30_000
/** Stock clients reconnect after 30 s without a message; pings do not count. With the time between two sweeps: 28 s. */
const SILENT_MS = 26_000
/** Whoever is not heard for this long is pinged together with a sign of life, … */
const UNHEARD_MS = 40_000
/** … without one after this, … */
const UNHEARD_LONG_MS = 60_000
/** … and is lost after this. */
const LOST_MS = 90_000
const RETRY_MS = 2000
const SIGN_OF_LIFE = awarenessMessage(EMPTY_PRESENCE)
const RATE_RETRY_MS = 10_000
/** Whoever sends less between two sweeps, and no whole frame, may as well be gone. */
const LIVELY_BYTES = 1000

/**
 * What of a write that is under way the system has not taken. A large one counts as buffered until its last byte is
 * gone, so nothing else tells a slow reader from none.
 */
const queuedIn = (net: NetSocket): number =>
  (net as { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0

const isUpdate = (frame: Uint8Array): boolean => frame[0] === Message.sync && frame[1] !== Sync.step1

export interface SocketSettings {
  /** Bytes of one live update. */
  readonly maxUpdateBytes: number
  /** Whether readers are seen by the others. */
  readonly readerPresence: boolean
}

export interface SocketParts {
  readonly rooms: Rooms
  readonly clock: Clock
  readonly rates: Rates
  readonly partials: Partials
  readonly logger: Logger
  readonly counters: Counters
  readonly settings: SocketSettings
  readonly wire: Wire
  /** Calls `refuse` after the hold of a stock client that will come again at once. */
  readonly hold: (ws: WebSocket, key: string, refuse: () => void) => void
}

/** What a socket is once caller and room are known. */
export interface Place {
  readonly roomId: string
  /** Address and page, by which refusals are held. */
  readonly key: string
  readonly rights: Rights
  /** Whether it speaks `scriptorium.v1`. */
  readonly acknowledged: boolean
  /** What it counts for. */
  readonly seat: Seat
}

export class Socket implements Member, Receiving {
  readonly #ws: WebSocket
  readonly #net: NetSocket
  readonly #parts: SocketParts
  readonly #place: Place
  readonly #reading: Reading
  readonly #throttle: Throttle
  readonly #frames: FrameBytes
  /** Made when something is to be decided: most sockets live without. */
  #deciding: Deciding | null = null
  #room: Room | null = null
  #closed = false
  #sentAt: number
  #pingedAt: number
  #heardAt: number
  #left = 0
  #progressAt: number
  #unreadSince: number | null = null
  /** All that came until the last sweep. */
  #bytesRead = 0
  #forgetRelief: (() => void) | null = null
  /** The sweep's clock: exact enough for deadlines of seconds, and free. */
  #now: number

  /** @param now by the clock of the sweep */
  constructor(ws: WebSocket, net: NetSocket, place: Place, parts: SocketParts, now: number) {
    this.#ws = ws
    this.#net = net
    this.#place = place
    this.#parts = parts
    this.#reading = new Reading(ws)
    this.#throttle = new Throttle(this, this.#reading, parts.rates.enter(place.roomId, place.rights.caller.user), parts)
    this.#frames = new FrameBytes(net, parts.partials, this)
    this.#now = now
    this.#sentAt = this.#heardAt = this.#pingedAt = this.#progressAt = now
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    ws.on('pong', () => {
      this.#heardAt = this.#now
    })
    net.on('drain', this.#onDrain)
  }

  get roomId(): string {
    return this.#place.roomId
  }

  get seat(): Seat {
    return this.#place.seat
  }

  get user(): string | null {
    return this.rights.caller.user
  }

  get identity(): Identity | null {
    return identityOf(this.rights.caller)
  }

  get barrier(): Barrier | null {
    return this.rights.barrier
  }

  get state(): Standing {
    const { role, frozen, barrier } = this.rights
    return { role, frozen: frozen !== null, ...(barrier === null ? {} : { reason: barrier.reason }) }
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
    this.#reading.go(Reason.opening)
  }

  /** Acts on a change of rights; resolves when nothing that is barred now can be written any more. */
  reconsider(): Promise<void> {
    return this.#decider().again()
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
    if (!this.acknowledged && STUBBORN.has(code)) return this.#closeHeld(code, text)
    this.#ended(true)
    refuse(this.#ws, code, text, retryAfterMs)
  }

  /** y-websocket 1.x and 2.x come again at once with what was refused, so the refusal is held back first. */
  #closeHeld(code: CloseCode, text: string): void {
    this.#ended(true)
    this.#ws.pause()
    this.#parts.hold(this.#ws, this.#place.key, () => refuse(this.#ws, code, text))
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
    const left = buffered + queuedIn(this.#net)
    if (left < this.#left || buffered <= CROWDED_BYTES) this.#progressAt = now
    // Behind a large page on a slow line a client does not see a ping for minutes.
    if (left < this.#left) this.#heardAt = now
    this.#left = left
    // In the middle of a large frame a client cannot answer a ping.
    if (this.#net.bytesRead - this.#bytesRead > LIVELY_BYTES) this.#heardAt = now
    this.#bytesRead = this.#net.bytesRead
    if (this.rights.isExpired(now)) this.close(Close.unauthorized, 'the token has expired')
    else if (now - this.#progressAt > STUCK_MS) this.close(Close.overloaded, 'you read too slowly', RETRY_MS)
    else if (this.#unreadSince !== null && now - this.#unreadSince > STUCK_MS) {
      this.close(Close.overloaded, 'the database is away', RETRY_MS)
    } else if (now - this.#heardAt > LOST_MS) this.#ws.terminate()
    else this.#giveSignOfLife(now)
  }

  /** An idle socket costs one write in half a minute. */
  #giveSignOfLife(now: number): void {
    const isQuiet = now - this.#sentAt > SILENT_MS
    const mayPing = now - this.#pingedAt > SILENT_MS
    const isUnheard = mayPing && now - this.#heardAt > (isQuiet ? UNHEARD_MS : UNHEARD_LONG_MS)
    if (!isQuiet && !isUnheard) return
    this.#net.cork()
    if (isQuiet) this.send(SIGN_OF_LIFE, 'presence')
    if (isUnheard) {
      this.#pingedAt = now
      this.#ws.ping()
    }
    this.#net.uncork()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const room = this.#room
    this.#frames.whole()
    if (this.#closed || room === null) return
    this.#heardAt = this.#now
    if (this.#deciding?.holds(data, isBinary)) return
    try {
      if (!isBinary) throw new Error('a text frame; messages are binary')
      this.#handle(room, data)
    } catch (error) {
      this.#parts.logger.info({ room: room.roomId, error: String(error) }, 'bad message, socket closed')
      this.close(Close.badMessage, error instanceof Error ? error.message : 'bad message')
    }
    if (this.#parts.rooms.isFull) this.#stopReading()
    if (this.isFull) this.#reading.stop(Reason.full)
    this.#throttle.count(data.length, isUpdate(data) && this.barrier === null)
  }

  tooFast(): void {
    this.close(Close.rateLimited, 'you send too fast', RATE_RETRY_MS)
  }

  /** Too much is half received, and most of it is of this one. */
  cut(): void {
    this.#parts.counters.count('limit_partial_bytes')
    this.#ended(true)
    refuse(this.#ws, Close.overloaded, 'too much is half received', RETRY_MS)
    // Its answer would come behind the frame that it has not sent whole.
    this.#net.destroySoon()
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
        if (this.acknowledged) return this.#decider().renew(message.token)
        throw new Error('message 6 is only for clients of scriptorium.v1')
      default:
        message satisfies never
    }
  }

  #decider(): Deciding {
    this.#deciding ??= new Deciding({
      rights: this.rights,
      reading: this.#reading,
      decided: (decision) => this.#decided(decision),
      failed: (error) => {
        this.#parts.logger.warn({ error: String(error) }, 'a fresh token could not be looked at')
        this.close(Close.overloaded, 'the token cannot be looked at now', RETRY_MS)
      },
      handle: (data, isBinary) => this.#receive(data, isBinary),
    })
    return this.#deciding
  }

  #decided(decision: Decision): void {
    if (typeof decision === 'object') return this.#refused(decision)
    if (decision === 'same') return
    this.#parts.counters.count('rights_changed')
    this.#room?.tellState(this)
    if (decision === 'more') this.#room?.askAgain(this)
  }

  #refused(decision: Refusal): void {
    if ('again' in decision) return this.close(Close.overloaded, decision.again, RETRY_MS)
    if ('denied' in decision) return this.close(Close.forbidden, decision.denied)
    this.close(Close.unauthorized, decision.refused)
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
    this.#forgetRelief?.()
    this.#throttle.end()
    this.#frames.end()
    this.#deciding?.end()
    this.#room?.leave(this, clean)
    this.#room = null
    this.#net.off('drain', this.#onDrain)
  }

  readonly #onDrain = (): void => {
    if (this.#net.writableLength >= CROWDED_BYTES) return
    if (this.#reading.isStoppedFor(Reason.full)) this.#reading.go(Reason.full)
    this.#room?.resume(this)
  }
}
