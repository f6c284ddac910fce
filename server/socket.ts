/** One WebSocket, one member of a room: what comes and goes, how full it is, and how it ends. */
import type { Socket as NetSocket } from 'node:net'
import type { WebSocket } from 'ws'
import { Close, type CloseCode, Message, Sync } from '../shared/protocol.ts'
import { identityOf } from './access.ts'
import type { Seat } from './limits.ts'
import { type Receiving, TRACKED_BYTES } from './partial.ts'
import type { Barrier, Identity, Member, Standing } from './room/member.ts'
import type { Room } from './room/room.ts'
import type { Reply } from './room/sync.ts'
import { Deciding } from './socket-deciding.ts'
import { takeFrame } from './socket-frame.ts'
import { type Listener, listen, listenNoMore } from './socket-listeners.ts'
import { holdKey, type Place, type SocketParts } from './socket-place.ts'
import { Reading, Reason } from './socket-reading.ts'
import { refuse, STUBBORN, turnAway } from './socket-refuse.ts'
import type { Decision, Rights } from './socket-rights.ts'
import { giveSignOfLife } from './socket-sign.ts'
import { beats, type Swept } from './socket-sweep.ts'
import { Throttle } from './socket-throttle.ts'
import { CROWDED_BYTES, Vigil } from './socket-vigil.ts'

/** Past this a reader gets no updates either, until it drains; then it is brought up to date by state vector. */
const FULL_BYTES = 8_000_000
const RETRY_MS = 2000
const RATE_RETRY_MS = 10_000
const isUpdate = (frame: Uint8Array): boolean => frame[0] === Message.sync && frame[1] !== Sync.step1

export class Socket implements Member, Receiving, Swept, Listener {
  readonly #ws: WebSocket
  readonly #net: NetSocket
  readonly #parts: SocketParts
  readonly #place: Place
  readonly #reading: Reading
  /** While it sends: most sockets are calm. */
  #throttle: Throttle | null = null
  #frameBytes = 0
  /** Made when something is to be decided: most sockets live without. */
  #deciding: Deciding | null = null
  #room: Room | null = null
  #closed = false
  readonly #vigil: Vigil
  /** Whether it is looked at next, or just now. */
  #isWatched = false
  #forgetRelief: (() => void) | null = null

  constructor(ws: WebSocket, net: NetSocket, place: Place, parts: SocketParts) {
    this.#ws = ws
    this.#net = net
    this.#place = place
    this.#parts = parts
    this.#reading = new Reading(ws)
    this.#vigil = new Vigil(parts.sweep.beat)
    listen(ws, net, this)
  }

  get roomId(): string {
    return this.#place.roomId
  }

  /** What it counts for. */
  get seat(): Seat {
    return this.#place
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
    this.#parts.sweep.add(this)
    this.#reading.go(Reason.opening)
  }

  /** Acts on a change of rights; resolves when nothing that is barred now can be written any more. */
  reconsider(): Promise<void> {
    return this.#decider().again()
  }

  send(message: Reply, kind: 'sync' | 'presence' | 'control'): void {
    if (this.#closed || this.#ws.readyState !== this.#ws.OPEN) return
    if (kind === 'presence' && this.#net.writableLength > CROWDED_BYTES) return
    const { wire, sweep } = this.#parts
    this.#vigil.sent(sweep.beat)
    if (!wire.write(this.#net, message)) this.#watch()
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
    const { from, roomId } = this.#place
    this.#parts.hold(this.#ws, holdKey(from, roomId), () => refuse(this.#ws, code, text))
  }

  /** The socket is gone. @param code the close code it ended with; 1006: it was lost */
  gone(code: number): void {
    this.#ended(code !== 1006)
  }

  /** Looks after what is due. @returns in how many beats to look again; null: it is gone */
  sweep(beat: number, now: number): number | null {
    if (this.#closed) return null
    this.#isWatched = true
    this.#vigil.look(beat, this.#net)
    if (this.rights.isExpired(now)) this.close(Close.unauthorized, 'the token has expired')
    else this.#actOn(this.#vigil.fault(beat), beat)
    if (this.#closed) return null
    if (this.#throttle?.isCalm === true) {
      this.#throttle.end()
      this.#throttle = null
    }
    const next = this.#vigil.next(beat)
    this.#isWatched = next <= 1
    const { expiresAt } = this.rights.caller
    return expiresAt === null || this.#isWatched ? next : Math.min(next, beats(expiresAt - now))
  }

  #actOn(fault: ReturnType<Vigil['fault']>, beat: number): void {
    switch (fault) {
      case 'slow':
        return this.close(Close.overloaded, 'you read too slowly', RETRY_MS)
      case 'unread':
        return this.close(Close.overloaded, 'the database is away', RETRY_MS)
      case 'lost':
        return this.#ws.terminate()
      case null:
        return giveSignOfLife(this.#vigil, beat, this.#ws, this.#net)
      default:
        fault satisfies never
    }
  }

  /** Something has changed that must not wait: it is slow, say, or not read. */
  #watch(): void {
    if (this.#isWatched || this.#room === null) return
    this.#isWatched = true
    this.#parts.sweep.soon(this)
  }

  pong(): void {
    this.#vigil.heard(this.#parts.sweep.beat)
  }

  /** A part of a frame came, or all of it. */
  bytes(count: number): void {
    const before = this.#frameBytes
    this.#frameBytes += count
    if (this.#frameBytes <= TRACKED_BYTES) return
    this.#parts.partials.add(this, before > TRACKED_BYTES ? count : this.#frameBytes)
  }

  #frameEnds(): void {
    if (this.#frameBytes > TRACKED_BYTES) this.#parts.partials.end(this)
    this.#frameBytes = 0
  }

  message(data: Buffer, isBinary: boolean): void {
    const room = this.#room
    this.#frameEnds()
    if (this.#closed || room === null) return
    this.#vigil.heard(this.#parts.sweep.beat)
    if (this.#deciding?.holds(data, isBinary)) return
    try {
      if (!isBinary) throw new Error('a text frame; messages are binary')
      const token = takeFrame(room, this, data, this.#parts.settings.maxUpdateBytes)
      if (token !== null) this.#decider().renew(token)
    } catch (error) {
      this.#parts.logger.info({ room: room.roomId, error: String(error) }, 'bad message, socket closed')
      this.close(Close.badMessage, error instanceof Error ? error.message : 'bad message')
    }
    if (this.#parts.rooms.isFull) this.#stopReading()
    if (this.isFull) this.#reading.stop(Reason.full)
    if (!this.#closed) this.#throttled().count(data.length, isUpdate(data) && this.barrier === null)
  }

  #throttled(): Throttle {
    const { roomId, user } = this.#place
    this.#throttle ??= new Throttle(this, this.#reading, this.#parts.rates.enter(roomId, user), this.#parts)
    return this.#throttle
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

  #decider(): Deciding {
    this.#deciding ??= new Deciding({
      rights: this.rights,
      reading: this.#reading,
      decided: (decision) => this.#decided(decision),
      failed: (error) => {
        this.#parts.logger.warn({ error: String(error) }, 'a fresh token could not be looked at')
        this.close(Close.overloaded, 'the token cannot be looked at now', RETRY_MS)
      },
      handle: (data, isBinary) => this.message(data, isBinary),
    })
    return this.#deciding
  }

  #decided(decision: Decision): void {
    if (typeof decision === 'object') return turnAway(this, decision, RETRY_MS)
    // A fresh token may expire before the look that is planned.
    this.#watch()
    if (decision === 'same') return
    this.#parts.counters.count('rights_changed')
    this.#room?.tellState(this)
    if (decision === 'more') this.#room?.askAgain(this)
  }

  /** Too much waits for its commit: the client keeps what it writes until half of that is committed. */
  #stopReading(): void {
    if (this.#closed || this.#vigil.isUnread) return
    this.#vigil.unread(this.#parts.sweep.beat)
    this.#reading.stop(Reason.unsaved)
    this.#watch()
    this.#forgetRelief = this.#parts.rooms.onRelief(() => {
      this.#vigil.unread(null)
      if (!this.#closed) this.#reading.go(Reason.unsaved)
    })
  }

  #ended(clean: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#parts.sweep.remove(this)
    this.#forgetRelief?.()
    this.#throttle?.end()
    listenNoMore(this.#net)
    this.#frameEnds()
    this.#deciding?.end()
    this.#room?.leave(this, clean)
    this.#room = null
  }

  drain(): void {
    if (this.#net.writableLength >= CROWDED_BYTES) return
    if (this.#reading.isStoppedFor(Reason.full)) this.#reading.go(Reason.full)
    this.#room?.resume(this)
  }
}
