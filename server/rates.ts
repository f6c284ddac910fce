/**
 * How fast may be sent: by a socket, by all sockets and requests of a user, and by all of them to a room. A socket that
 * is too fast is not read for a while, so what it sends stays with it; nothing is lost and nobody is cut. A request has
 * to come again.
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
/** After so long every debt is paid, and the budget is full. */
const FULL_AGAIN_MS = (MAX_DEBT_S + BURST_S) * 1000
/** Requests of callers who cannot be told apart share a budget; no user has this name. */
const NOBODY = ''

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

  /** Takes a message of `bytes`, or several. @returns how long to wait before more may come, in ms */
  take(bytes: number, now: number, messages = bytes === 0 ? 0 : 1): number {
    const { messages: perSecond, bytes: bytesPerSecond } = this.#rate
    const seconds = (now - this.#at) / 1000
    this.#at = now
    let wait = 0
    if (perSecond > 0) {
      this.#messages = refilled(this.#messages, perSecond, seconds) - messages
      if (this.#messages < 0) wait = -this.#messages / perSecond
    }
    if (bytesPerSecond > 0) {
      this.#bytes = refilled(this.#bytes, bytesPerSecond, seconds) - bytes
      if (this.#bytes < 0) wait = Math.max(wait, -this.#bytes / bytesPerSecond)
    }
    return Math.min(wait, MAX_DEBT_S) * 1000
  }

  /** Whether it is full, whatever was taken. */
  isFull(now: number): boolean {
    return now - this.#at >= FULL_AGAIN_MS
  }
}

const refilled = (left: number, perSecond: number, seconds: number): number =>
  Math.min(Math.max(left, -MAX_DEBT_S * perSecond) + seconds * perSecond, perSecond * BURST_S)

/** The budgets of one socket. */
export class Budgets {
  readonly #rates: Rates
  readonly #own: Budget
  readonly #ofUser: Budget | null
  readonly #ofRoom: Budget
  readonly #user: string | null
  readonly #roomId: string

  /** @param budgets as `Rates` has them for this room and user */
  constructor(rates: Rates, roomId: string, user: string | null, budgets: readonly [Budget, Budget | null, Budget]) {
    this.#rates = rates
    this.#roomId = roomId
    this.#user = user
    ;[this.#own, this.#ofUser, this.#ofRoom] = budgets
  }

  /**
   * Takes a message.
   * @param isUpdate counts for the room; of presence clients send as much as they hear, and what may not be written
   *   there must slow nobody who may
   * @returns how long to wait before more is read, in ms
   */
  take(bytes: number, isUpdate: boolean): number {
    const at = this.#rates.now()
    const wait = Math.max(this.#own.take(bytes, at), this.#ofUser?.take(bytes, at) ?? 0)
    return isUpdate ? Math.max(wait, this.#ofRoom.take(bytes, at)) : wait
  }

  /** @returns how long to wait still */
  wait(): number {
    return this.take(0, true)
  }

  /** Whether the socket has sent nothing for so long that fresh budgets would be the same. */
  get isFull(): boolean {
    return this.#own.isFull(this.#rates.now())
  }

  /** The socket is gone, or sends nothing. */
  end(): void {
    this.#rates.leave(this.#roomId, this.#user)
  }
}

interface SharedBudget {
  readonly budget: Budget
  sockets: number
}

/** Budgets that several sockets and requests share, kept while a socket is there or until they must be full again. */
class Shared {
  readonly #rate: Rate
  readonly #budgets = new Map<string, SharedBudget>()
  #sweptAt: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#sweptAt = now
  }

  enter(key: string, now: number): Budget {
    this.#sweep(now)
    const known = this.#of(key, now)
    known.sockets++
    return known.budget
  }

  /** Whoever leaves and comes again finds what they had. */
  leave(key: string, now: number): void {
    const known = this.#budgets.get(key)
    if (known !== undefined && --known.sockets === 0 && known.budget.isFull(now)) this.#budgets.delete(key)
  }

  /** The budget of one who comes without a socket. */
  visit(key: string, now: number): Budget {
    this.#sweep(now)
    return this.#of(key, now).budget
  }

  #of(key: string, now: number): SharedBudget {
    const known = this.#budgets.get(key) ?? { budget: new Budget(this.#rate, now), sockets: 0 }
    this.#budgets.set(key, known)
    return known
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < FULL_AGAIN_MS) return
    this.#sweptAt = now
    for (const [key, { sockets, budget }] of this.#budgets) {
      if (sockets === 0 && budget.isFull(now)) this.#budgets.delete(key)
    }
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
    const now = clock.now()
    this.#users = new Shared(settings.user, now)
    this.#rooms = new Shared(settings.room, now)
  }

  /** @param user null: nobody who could be told from others */
  enter(roomId: string, user: string | null): Budgets {
    const now = this.#clock.now()
    const own = new Budget(this.#settings.socket, now)
    const ofUser = user === null ? null : this.#users.enter(user, now)
    return new Budgets(this, roomId, user, [own, ofUser, this.#rooms.enter(roomId, now)])
  }

  /** A socket of this room and user is gone. */
  leave(roomId: string, user: string | null): void {
    const now = this.#clock.now()
    this.#rooms.leave(roomId, now)
    if (user !== null) this.#users.leave(user, now)
  }

  /** By the clock of the budgets. */
  now(): number {
    return this.#clock.now()
  }

  /**
   * Takes a request that changes something, which counts for its user as a message of their sockets does.
   * @returns 0; or, nothing taken, how long to wait before it may come again, in ms
   */
  request(user: string | null, bytes: number): number {
    return this.#visit(this.#users, user ?? NOBODY, bytes)
  }

  /** Takes messages beside the first that came in one request of a user; their bytes were counted with it. */
  more(user: string | null, messages: number): void {
    const now = this.#clock.now()
    this.#users.visit(user ?? NOBODY, now).take(0, now, messages)
  }

  /**
   * Takes an update that comes without a socket, which counts for its room as one of a socket does.
   * @returns as `request`
   */
  update(roomId: string, bytes: number): number {
    return this.#visit(this.#rooms, roomId, bytes)
  }

  #visit(shared: Shared, key: string, bytes: number): number {
    const now = this.#clock.now()
    const budget = shared.visit(key, now)
    const wait = budget.take(0, now)
    if (wait === 0) budget.take(Math.max(1, bytes), now)
    return wait
  }
}
