/** What a socket is given: the place that its caller has, and what is there for all sockets. */
import type { WebSocket } from 'ws'
import type { Seat } from './limits.ts'
import type { Partials } from './partial.ts'
import type { Clock, Counters, Logger } from './ports.ts'
import type { Rates } from './rates.ts'
import type { Rooms } from './room/rooms.ts'
import type { Rights } from './socket-rights.ts'
import type { Sweep } from './socket-sweep.ts'
import type { Wire } from './wire.ts'

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
  readonly sweep: Sweep
  /** Calls `refuse` after the hold of a stock client that will come again at once. */
  readonly hold: (ws: WebSocket, key: string, refuse: () => void) => void
}

/** What a socket is once caller and room are known. */
export interface Place extends Seat {
  readonly rights: Rights
  /** Whether it speaks `scriptorium.v1`. */
  readonly acknowledged: boolean
  /** Where it comes from; by this and its page refusals are held. */
  readonly from: string
}

/** By what refusals are held. @param page what it asked for */
export const holdKey = (address: string, page: string): string => `${address} ${page}`
