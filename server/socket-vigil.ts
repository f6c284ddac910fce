/**
 * Whether a socket is alive and moves: when it was heard and written to, and what a look at it finds. Times are beats of
 * the sweep, because small numbers take no memory of their own.
 */
import type { Socket as NetSocket } from 'node:net'
import { beats } from './socket-sweep.ts'

/** Past this a reader gets no presence, and what it takes is looked at. */
export const CROWDED_BYTES = 1_000_000
/** A reader that takes nothing for this long, or a writer that is not read for this long, is told to try again. */
const STUCK = beats(30_000)
/** Stock clients reconnect after 30 s without a message; pings do not count. A beat is up to 2 s later than the message. */
const SILENT = beats(28_000)
/** Whoever is not heard for this long is pinged together with a sign of life, … */
const UNHEARD = beats(40_000)
/** … without one after this, … */
const UNHEARD_LONG = beats(60_000)
/** … and is lost after this. */
const LOST = beats(90_000)
/** Whoever sends less between two beats, and no whole frame, may as well be gone. */
const LIVELY_BYTES = 1000

/**
 * What of a write that is under way the system has not taken. A large one counts as buffered until its last byte is
 * gone, so nothing else tells a slow reader from none.
 */
const queuedIn = (net: NetSocket): number =>
  (net as { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0

export class Vigil {
  #sentAt: number
  #pingedAt: number
  #heardAt: number
  /** When it last took something of what waits for it, or nothing did. */
  #progressAt: number
  #unreadSince: number | null = null
  /** The last look, and what there was then: bytes not yet sent, and all that had come. */
  #lookedAt: number
  #left = 0
  #bytesRead = 0
  #isLively = false

  constructor(beat: number) {
    this.#sentAt = this.#pingedAt = this.#heardAt = this.#progressAt = this.#lookedAt = beat
  }

  /** Something was written to it. */
  sent(beat: number): void {
    this.#sentAt = beat
  }

  /** A frame of it came. */
  heard(beat: number): void {
    this.#heardAt = beat
  }

  get isUnread(): boolean {
    return this.#unreadSince !== null
  }

  /** It is not read from now on, because what it wrote is not committed; null: it is read again. */
  unread(since: number | null): void {
    this.#unreadSince = since
  }

  /** Takes in what went through since the last look. */
  look(beat: number, net: NetSocket): void {
    const { writableLength: buffered, bytesRead } = net
    const left = buffered + queuedIn(net)
    const sinceLast = beat - this.#lookedAt
    this.#isLively = bytesRead - this.#bytesRead > LIVELY_BYTES
    // What it was slow with before, nobody has looked at.
    if (sinceLast > 1 || left < this.#left || buffered <= CROWDED_BYTES) this.#progressAt = beat
    // Behind a large page on a slow line a client does not see a ping for minutes.
    if (left < this.#left) this.#heardAt = beat
    // In the middle of a large frame a client cannot answer a ping.
    if (this.#isLively && sinceLast === 1) this.#heardAt = beat
    this.#lookedAt = beat
    this.#left = left
    this.#bytesRead = bytesRead
  }

  /** Why it cannot stay; null: it can. `slow`: it reads nothing. `unread`: it was not read for long. `lost`: it is gone. */
  fault(beat: number): 'slow' | 'unread' | 'lost' | null {
    if (beat - this.#progressAt > STUCK) return 'slow'
    if (this.#unreadSince !== null && beat - this.#unreadSince > STUCK) return 'unread'
    return beat - this.#heardAt > LOST ? 'lost' : null
  }

  /** What is to be sent now, so that it stays and is known to be there; a ping counts as sent. */
  due(beat: number): { readonly life: boolean; readonly ping: boolean } {
    const life = beat - this.#sentAt >= SILENT
    const ping = beat - this.#pingedAt >= SILENT && beat - this.#heardAt >= (life ? UNHEARD : UNHEARD_LONG)
    if (ping) this.#pingedAt = beat
    return { life, ping }
  }

  /** In how many beats something is due of it; 1 where it must be looked at each time. */
  next(beat: number): number {
    if (this.#left > 0 || this.isUnread || (this.#isLively && beat - this.#heardAt >= SILENT)) return 1
    const pingAt = Math.max(this.#heardAt + UNHEARD_LONG, this.#pingedAt + SILENT)
    return Math.min(this.#sentAt + SILENT, pingAt, this.#heardAt + LOST + 1) - beat
  }
}
