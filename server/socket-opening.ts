/** From an open handshake to a member of a room: who calls, what they may do there, and whether there is a seat. */
import type { IncomingMessage } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { WebSocket } from 'ws'
import { pageOf, roomIdOf } from '../shared/names.ts'
import { Close, type CloseCode, SUBPROTOCOL } from '../shared/protocol.ts'
import type { Access, Refusal } from './access.ts'
import { Holds } from './hold.ts'
import type { Limits } from './limits.ts'
import { isLoopback } from './loopback.ts'
import { Partials } from './partial.ts'
import type { Clock, Counters, Logger } from './ports.ts'
import type { Rates } from './rates.ts'
import { PageDeleted, type Rooms } from './room/rooms.ts'
import { Socket } from './socket.ts'
import { holdKey, type Place, type SocketParts, type SocketSettings } from './socket-place.ts'
import { refuse } from './socket-refuse.ts'
import { Rights } from './socket-rights.ts'
import type { Sockets } from './sockets.ts'
import { askedBy, credentialsOf } from './upgrade-request.ts'
import { Wire } from './wire.ts'

/** Until caller and room are known a socket waits this long. */
const OPEN_MS = 5000
const RETRY_MS = 2000

export interface OpeningSettings extends SocketSettings {
  /** Bytes of half-received frames of all sockets. */
  readonly maxPartialBytes: number
}

export interface OpeningParts {
  readonly sockets: Sockets
  readonly rooms: Rooms
  readonly access: Access
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
  readonly limits: Limits
  readonly rates: Rates
  readonly settings: OpeningSettings
}

type Refuse = (code: CloseCode, text: string, retryAfterMs?: number) => void

export class Opening {
  readonly #parts: OpeningParts
  readonly #socketParts: SocketParts
  readonly #holds: Holds

  constructor(parts: OpeningParts) {
    this.#parts = parts
    this.#holds = new Holds(parts.clock)
    this.#socketParts = {
      ...parts,
      partials: new Partials(parts.settings.maxPartialBytes),
      wire: new Wire(),
      sweep: parts.sockets.sweep,
      hold: (ws, key, refused) => this.#hold(ws, key, refused),
    }
  }

  /**
   * Brings a connection to its page, or refuses it; nothing of it is read before. Never throws.
   * @param address of the client
   * @returns when one or the other is done
   */
  async open(ws: WebSocket, request: IncomingMessage, net: NetSocket, address: string): Promise<void> {
    const { sockets, clock, logger } = this.#parts
    ws.pause()
    sockets.add(ws)
    const cancel = clock.after(OPEN_MS, () => {
      const text = 'the page takes too long to open'
      sockets.of(ws)?.close(Close.overloaded, text, RETRY_MS)
      refuse(ws, Close.overloaded, text, RETRY_MS)
    })
    try {
      await this.#place(ws, request, net, address)
    } catch (error) {
      logger.warn({ error: String(error) }, 'a page could not be opened')
      refuse(ws, Close.overloaded, 'the page cannot be opened now', RETRY_MS)
    } finally {
      cancel()
    }
  }

  async #place(ws: WebSocket, request: IncomingMessage, net: NetSocket, address: string): Promise<void> {
    const { path, query, page } = askedBy(request)
    const acknowledged = ws.protocol === SUBPROTOCOL
    // A name cut out of the request would keep that, and with it the token.
    const roomId = 'fault' in page ? path : Buffer.from(roomIdOf(page)).toString()
    const refused = this.#refuser(ws, holdKey(address, roomId), acknowledged)
    if ('fault' in page) return refused(Close.badMessage, page.fault)
    const rights = await this.#rightsOf(request, query, roomId)
    if (!(rights instanceof Rights)) return this.#refuseCaller(rights, refused)
    const { sockets, limits, counters } = this.#parts
    if (!sockets.has(ws) || ws.readyState !== ws.OPEN) return
    const { user } = rights.caller
    const seat = { roomId, user, address: isLoopback(address) ? null : address }
    const excess = limits.enter(seat)
    if (excess !== null) {
      counters.count(excess.counter)
      return refused(Close.overloaded, excess.text, RETRY_MS)
    }
    await this.#join(ws, net, { ...seat, rights, acknowledged, from: address }, refused)
  }

  async #join(ws: WebSocket, net: NetSocket, place: Place, refused: Refuse): Promise<void> {
    const { sockets, logger } = this.#parts
    const socket = new Socket(ws, net, place, this.#socketParts)
    sockets.put(ws, socket)
    try {
      await socket.join()
    } catch (error) {
      if (!(error instanceof PageDeleted)) {
        logger.warn({ room: place.roomId, error: String(error) }, 'a page could not be opened')
        return socket.close(Close.overloaded, 'the page cannot be opened now', RETRY_MS)
      }
      sockets.takeAway(ws, Close.deleted)
      refused(Close.deleted, error.message)
    }
  }

  /** Who calls, and what they may do there. Nothing tells whether the page exists before that is known. */
  async #rightsOf(request: IncomingMessage, query: URLSearchParams, roomId: string): Promise<Rights | Refusal> {
    const { access } = this.#parts
    const caller = await access.identify(credentialsOf(request, query))
    if (!('user' in caller)) return caller
    const grant = await access.grant(caller, pageOf(roomId))
    if (!('role' in grant)) return grant
    if (grant.role === 'none') return { denied: 'you may not come here' }
    return new Rights(access, roomId, caller, grant)
  }

  #refuseCaller(refusal: Refusal, refused: Refuse): void {
    if ('again' in refusal) return refused(Close.overloaded, refusal.again, RETRY_MS)
    this.#parts.counters.count('tokens_refused')
    if ('denied' in refusal) refused(Close.forbidden, refusal.denied)
    else refused(Close.unauthorized, refusal.refused)
  }

  /** @returns how this connection is refused: a stock client after a hold */
  #refuser(ws: WebSocket, key: string, acknowledged: boolean): Refuse {
    return (code, text, retryAfterMs) => {
      this.#parts.counters.count('sockets_refused')
      if (acknowledged) refuse(ws, code, text, retryAfterMs)
      else this.#hold(ws, key, () => refuse(ws, code, text, retryAfterMs))
    }
  }

  #hold(ws: WebSocket, key: string, refused: () => void): void {
    // What is gone would be held for nothing.
    if (!this.#parts.sockets.has(ws)) return
    const cancel = this.#holds.hold(key, refused)
    ws.on('close', cancel)
  }
}
