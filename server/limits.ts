/** How many sockets a user, a room and an address may have, and how many rooms a user: counted as they come and go. */
import type { CounterName } from './ports.ts'

/** 0: any number. */
export interface SocketLimits {
  readonly perUser: number
  readonly perRoom: number
  readonly perAddress: number
  readonly roomsPerUser: number
}

/** What a socket counts for. */
export interface Seat {
  readonly roomId: string
  /** Null: nobody who could be told from others. */
  readonly user: string | null
  /** Null: this machine, which is not counted. */
  readonly address: string | null
}

export interface Excess {
  readonly counter: CounterName
  readonly text: string
}

const EXCESS = {
  user: { counter: 'limit_user_sockets', text: 'you have too many sockets open' },
  room: { counter: 'limit_room_sockets', text: 'too many are on this page' },
  address: { counter: 'limit_address_sockets', text: 'too many sockets come from your address' },
  rooms: { counter: 'limit_user_rooms', text: 'you have too many pages open' },
} as const satisfies Record<string, Excess>

/** Counts by name; a name that reaches zero is forgotten. */
class Tally {
  readonly #counts = new Map<string, number>()

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string, by: 1 | -1): number {
    const count = this.of(name) + by
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
    return count
  }
}

export class Limits {
  readonly #limits: SocketLimits
  readonly #sockets = { user: new Tally(), room: new Tally(), address: new Tally() }
  readonly #userInRoom = new Tally()
  readonly #roomsOfUser = new Tally()

  constructor(limits: SocketLimits) {
    this.#limits = limits
  }

  /** Counts a socket until it leaves. @returns null, or which limit is reached */
  enter(seat: Seat): Excess | null {
    const { roomId, user, address } = seat
    const { perUser, perRoom, perAddress, roomsPerUser } = this.#limits
    const sockets = this.#sockets
    if (reaches(sockets.room.of(roomId), perRoom)) return EXCESS.room
    if (address !== null && reaches(sockets.address.of(address), perAddress)) return EXCESS.address
    if (user !== null) {
      if (reaches(sockets.user.of(user), perUser)) return EXCESS.user
      const isNew = this.#userInRoom.of(both(user, roomId)) === 0
      if (isNew && reaches(this.#roomsOfUser.of(user), roomsPerUser)) return EXCESS.rooms
    }
    this.#count(seat, 1)
    return null
  }

  /** A socket that entered is gone. */
  leave(seat: Seat): void {
    this.#count(seat, -1)
  }

  #count({ roomId, user, address }: Seat, by: 1 | -1): void {
    const sockets = this.#sockets
    sockets.room.add(roomId, by)
    if (address !== null) sockets.address.add(address, by)
    if (user === null) return
    sockets.user.add(user, by)
    const there = this.#userInRoom.add(both(user, roomId), by)
    if (there === 0 || (there === 1 && by === 1)) this.#roomsOfUser.add(user, by)
  }
}

const both = (user: string, roomId: string): string => `${user.length} ${user}${roomId}`

const reaches = (count: number, limit: number): boolean => limit > 0 && count >= limit
