/**
 * How fast may be sent: by a socket, by all sockets of a user, and by all of a room. Whoever is too fast is not read for a
 * while, so what they send stays with them; nothing is lost and nobody is cut.
 */
import type { Clock } from './ports.ts'

/** Messages and bytes a second; 0: as many as come. */
export interface Rate {
  readonly messages: number
  readonly bytes: number
}

export interface RateSettings {
  readonly socket: Rate
  readonly user: Rate
  readonly room: Rate
}

/** What may be sent at once after a calm, in seconds of the rate. */
const BURST_S = 2
/** What was sent beyond the rate is waited for, but never for longer than this: a first sync may be large. */
const MAX_DEBT_S = 10

/** A budget that refills by itself, when it is looked at. Below zero it is a debt. */
export class Budget {
  readonly #rate: Rate
  #messages: number
  #bytes: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#messages = rate.messages * BURST_S
    this.#bytes = rate.bytes * BURST_S
    this.#at = now
  }

  /** Takes a message of `bytes`. @returns how long to wait before more may come, in ms */
  take(bytes: number, now: number): number {
    const { messages: perSecond, bytes: bytesPerSecond } = this.#rate
    const seconds = (now - this.#at) / 1000
    this.#at = now
    let wait = 0
    if (perSecond > 0) {
      this.#messages = refilled(this.#messages, perSecond, seconds) - (bytes === 0 ? 0 : 1)
      if (this.#messages < 0) wait = -this.#messages / perSecond
    }
    if (bytesPerSecond > 0) {
      this.#bytes = refilled(this.#bytes, bytesPerSecond, seconds) - bytes
      if (this.#bytes < 0) wait = Math.max(wait, -this.#bytes / bytesPerSecond)
    }
    return Math.min(wait, MAX_DEBT_S) * 1000
  }
}

const refilled = (left: number, perSecond: number, seconds: number): number =>
  Math.min(Math.max(left, -MAX_DEBT_S * perSecond) + seconds * perSecond, perSecond * BURST_S)

/** The budgets of one socket. */
export interface Budgets {
  /**
   * Takes a message.
   * @param isUpdate counts for the room; of presence clients send as much as they hear
   * @returns how long to wait before more is read, in ms
   */
  take(bytes: number, isUpdate: boolean): number
  /** @returns how long to wait still */
  wait(): number
  /** The socket is gone. */
  end(): void
}

/** Budgets that several sockets share, kept while one of them is there. */
class Shared {
  readonly #rate: Rate
  readonly #budgets = new Map<string, { readonly budget: Budget; sockets: number }>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  enter(key: string, now: number): Budget {
    const known = this.#budgets.get(key) ?? { budget: new Budget(this.#rate, now), sockets: 0 }
    known.sockets++
    this.#budgets.set(key, known)
    return known.budget
  }

  leave(key: string): void {
    const known = this.#budgets.get(key)
    if (known !== undefined && --known.sockets === 0) this.#budgets.delete(key)
  }
}

export class Rates {
  readonly #settings: RateSettings
  readonly #clock: Clock
  readonly #users: Shared
  readonly #rooms: Shared

  constructor(settings: RateSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#users = new Shared(settings.user)
    this.#rooms = new Shared(settings.room)
  }

  /** @param user null: nobody who could be told from others */
  enter(roomId: string, user: string | null): Budgets {
    const now = this.#clock.now()
    const own = new Budget(this.#settings.socket, now)
    const room = this.#rooms.enter(roomId, now)
    const ofUser = user === null ? null : this.#users.enter(user, now)
    const take = (bytes: number, isUpdate: boolean): number => {
      const at = this.#clock.now()
      const wait = Math.max(own.take(bytes, at), ofUser?.take(bytes, at) ?? 0)
      return isUpdate ? Math.max(wait, room.take(bytes, at)) : wait
    }
    return {
      take,
      wait: () => take(0, true),
      end: () => {
        this.#rooms.leave(roomId)
        if (user !== null) this.#users.leave(user)
      },
    }
  }
}
