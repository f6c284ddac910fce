/** From an HTTP upgrade to a member of a room: what can be refused before the handshake is; then caller, page, room. */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type PageName, parsePagePath, roomIdOf } from '../shared/names.ts'
import { Close, type CloseCode, SUBPROTOCOL, TOKEN_PREFIX } from '../shared/protocol.ts'
import type { Access, Refusal } from './access.ts'
import { clientAddress, type ProxyList } from './address.ts'
import { Holds } from './hold.ts'
import { Limits, type SocketLimits } from './limits.ts'
import { isLoopback } from './loopback.ts'
import { inTurn, untilBeat } from './pace.ts'
import { Partials } from './partial.ts'
import type { Clock, Counters, Logger, Random } from './ports.ts'
import type { Rates } from './rates.ts'
import { PageDeleted, type Rooms } from './room/rooms.ts'
import { Socket, type SocketParts, type SocketSettings } from './socket.ts'
import { refuse as refuseNow } from './socket-refuse.ts'
import { Rights } from './socket-rights.ts'
import { credentialsOf, forwardedFor, offeredBy, refuseHandshake } from './upgrade-request.ts'
import { Wire } from './wire.ts'

const PATH = '/collab/'
/** Until caller and room are known a socket waits this long. */
const OPEN_MS = 5000
const SWEEP_MS = 2000
const RETRY_MS = 2000
/** A closing handshake that nobody answers is cut after this. */
const CLOSING_MS = 2000
/** What ws says of a frame that is larger than it may be. */
const FRAME_TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

export interface UpgradeSettings extends SocketSettings {
  /** Bytes of the largest frame, a first sync. */
  readonly maxFrameBytes: number
  /** Sockets that may wait for their room at once. */
  readonly maxWaiting: number
  /** Bytes of half-received frames of all sockets. */
  readonly maxPartialBytes: number
  readonly sockets: SocketLimits
}

export interface UpgradeParts {
  readonly rooms: Rooms
  readonly access: Access
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  readonly settings: UpgradeSettings
  readonly rates: Rates
  /** Whose word on the address of a client is believed. */
  readonly proxies: ProxyList
  /** Whether a browser page of this origin may open a socket here; null: not a browser. */
  readonly originAllowed: (origin: string | null, host: string | null) => boolean
  /** Null: this process is the only one. */
  readonly elsewhere: Elsewhere | null
}

/** Other nodes that serve from the same database. */
export interface Elsewhere {
  /** The client's address where a node passed the request on; null: none did; `forged`: somebody says so falsely. */
  clientOf(request: IncomingMessage): { readonly client: string } | 'forged' | null
  /** Passes a socket on to the node that has its page. @returns false: it is to be served here, untouched as it is */
  pass(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<boolean>
}

/** All WebSockets of this process. */
export class Sockets {
  readonly #parts: UpgradeParts
  readonly #socketParts: SocketParts
  readonly #wss: WebSocketServer
  readonly #holds: Holds
  readonly #limits: Limits
  readonly #open = new Map<WebSocket, Socket | null>()
  #waiting = 0
  #draining = false
  #stopSweep: () => void = () => undefined

  /** Serves upgrades of `server`. */
  constructor(server: Server, parts: UpgradeParts) {
    this.#parts = parts
    const { rooms, clock, logger, counters, settings, rates } = parts
    this.#limits = new Limits(settings.sockets)
    this.#socketParts = {
      rooms,
      clock,
      logger,
      counters,
      settings,
      rates,
      partials: new Partials(settings.maxPartialBytes),
      wire: new Wire(),
      hold: (ws, key, refuse) => this.#hold(ws, key, refuse),
    }
    this.#holds = new Holds(parts.clock)
    this.#wss = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: parts.settings.maxFrameBytes,
      handleProtocols: (offered) => [...offered].find((name) => !name.startsWith(TOKEN_PREFIX)) ?? false,
    })
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#sweepLater()
  }

  get count(): number {
    return this.#open.size
  }

  /** Accepts no more. */
  drain(): void {
    this.#draining = true
  }

  /** The rooms of this process that somebody is in, with the sockets there. */
  byRoom(): Map<string, Socket[]> {
    const rooms = new Map<string, Socket[]>()
    for (const socket of this.#open.values()) {
      if (socket === null) continue
      const others = rooms.get(socket.roomId)
      if (others === undefined) rooms.set(socket.roomId, [socket])
      else others.push(socket)
    }
    return rooms
  }

  /** Tells sockets to come back, which brings them to where their page is served now. */
  sendBack(sockets: Iterable<Socket>, text: string): void {
    // Whoever shares a page comes back one after another.
    for (const socket of sockets) socket.close(Close.restart, text, this.#comeBackMs())
  }

  /** Ends every socket, page after page over `spreadMs`; those that do not answer their close frame in time are cut. */
  async close(spreadMs = 0): Promise<void> {
    const { clock } = this.#parts
    this.#stopSweep()
    const text = 'the service restarts'
    const rooms = [...this.byRoom().values()]
    await inTurn(rooms, spreadMs, clock, (sockets) => this.sendBack(sockets, text))
    for (const [ws, socket] of this.#open) {
      socket?.close(Close.restart, text, this.#comeBackMs())
      refuseNow(ws, Close.restart, text, this.#comeBackMs())
    }
    const gone = [...this.#open.keys()].map((ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())))
    const cancel = clock.after(CLOSING_MS, () => {
      for (const ws of this.#open.keys()) ws.terminate()
    })
    await Promise.all(gone)
    cancel()
  }

  #comeBackMs(): number {
    return Math.round(RETRY_MS * (0.25 + this.#parts.random.fraction()))
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { elsewhere, counters, proxies } = this.#parts
    const fault = this.#faultOf(request)
    if (fault !== null) {
      counters.count('sockets_refused')
      refuseHandshake(socket, fault.status, fault.text)
      return
    }
    const passed = elsewhere?.clientOf(request) ?? null
    if (passed === 'forged') {
      counters.count('sockets_refused')
      refuseHandshake(socket, '403 Forbidden', 'no node of this service sent this')
      return
    }
    const { remoteAddress } = socket as NetSocket
    const address = passed?.client ?? clientAddress(remoteAddress, forwardedFor(request), proxies)
    if (elsewhere === null || passed !== null) this.#handshake(request, socket, head, address)
    else void this.#passOn(elsewhere, request, socket, head, address)
  }

  /** A socket of another node's page goes there, and is served here where that does not take it. */
  async #passOn(
    elsewhere: Elsewhere,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ): Promise<void> {
    const lost = () => void socket.destroy()
    socket.on('error', lost)
    this.#waiting++
    try {
      if (await elsewhere.pass(request, socket, head, address)) return
    } finally {
      this.#waiting--
    }
    socket.off('error', lost)
    if (this.#draining) refuseHandshake(socket, '503 Service Unavailable', 'the service restarts')
    else if (!socket.destroyed) this.#handshake(request, socket, head, address)
  }

  #handshake(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void {
    this.#wss.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, request, socket as NetSocket, address))
  }

  /** What can be decided before the handshake is decided before it. */
  #faultOf(request: IncomingMessage): { status: string; text: string } | null {
    if (!(request.url ?? '').startsWith(PATH)) return { status: '404 Not Found', text: `sockets open below ${PATH}` }
    if (this.#draining) return { status: '503 Service Unavailable', text: 'the service restarts' }
    if (!this.#parts.originAllowed(request.headers.origin ?? null, request.headers.host ?? null)) {
      return { status: '403 Forbidden', text: 'this origin may not connect; see ALLOWED_ORIGINS' }
    }
    const offered = offeredBy(request)
    if (offered[0] !== '' && offered.every((name) => name.startsWith(TOKEN_PREFIX))) {
      return { status: '400 Bad Request', text: `offer ${SUBPROTOCOL} or y beside the token` }
    }
    if (this.#waiting >= this.#parts.settings.maxWaiting) {
      this.#parts.counters.count('limit_waiting_sockets')
      return { status: '503 Service Unavailable', text: 'too many sockets wait for their page' }
    }
    return null
  }

  #accept(ws: WebSocket, request: IncomingMessage, net: NetSocket, address: string): void {
    ws.pause()
    this.#open.set(ws, null)
    this.#parts.counters.count('sockets_opened')
    this.#watch(ws)
    this.#waiting++
    const cancel = this.#parts.clock.after(OPEN_MS, () => {
      const text = 'the page takes too long to open'
      this.#open.get(ws)?.close(Close.overloaded, text, RETRY_MS)
      refuseNow(ws, Close.overloaded, text, RETRY_MS)
    })
    this.#place(ws, request, net, address)
      .catch((error: unknown) => {
        this.#parts.logger.warn({ error: String(error) }, 'a page could not be opened')
        refuseNow(ws, Close.overloaded, 'the page cannot be opened now', RETRY_MS)
      })
      .finally(() => {
        cancel()
        this.#waiting--
      })
  }

  /** Apart from what only the opening needs, which these listeners would keep. */
  #watch(ws: WebSocket): void {
    ws.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === FRAME_TOO_LARGE) this.#parts.counters.count('limit_frame_bytes')
      this.#parts.logger.debug({ error: String(error) }, 'socket error')
    })
    ws.on('close', (code) => {
      this.#parts.counters.count('sockets_closed')
      const socket = this.#open.get(ws) ?? null
      if (socket !== null) this.#gone(socket, code)
      this.#open.delete(ws)
    })
  }

  #gone(socket: Socket, code: number): void {
    socket.gone(code)
    this.#limits.leave(socket.seat)
  }

  async #place(ws: WebSocket, request: IncomingMessage, net: NetSocket, address: string): Promise<void> {
    const url = request.url ?? ''
    const queryAt = url.indexOf('?')
    const path = queryAt < 0 ? url : url.slice(0, queryAt)
    const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1))
    const acknowledged = ws.protocol === SUBPROTOCOL
    const key = `${address} ${path}`
    const refuse = (code: CloseCode, text: string, retryAfterMs?: number) => {
      this.#parts.counters.count('sockets_refused')
      if (acknowledged) refuseNow(ws, code, text, retryAfterMs)
      else this.#hold(ws, key, () => refuseNow(ws, code, text, retryAfterMs))
    }
    const again = (text: string) => refuse(Close.overloaded, text, RETRY_MS)
    const page = parsePagePath(path.slice(PATH.length))
    if ('fault' in page) return refuse(Close.badMessage, page.fault)
    const rights = await this.#rightsOf(request, query, page)
    if (!(rights instanceof Rights)) {
      if ('again' in rights) return again(rights.again)
      this.#parts.counters.count('tokens_refused')
      return refuse(...refusalOf(rights))
    }
    if (!this.#open.has(ws) || ws.readyState !== ws.OPEN) return
    const { logger, clock, counters } = this.#parts
    const roomId = roomIdOf(page)
    const seat = { roomId, user: rights.caller.user, address: isLoopback(address) ? null : address }
    const excess = this.#limits.enter(seat)
    if (excess !== null) {
      counters.count(excess.counter)
      return again(excess.text)
    }
    const place = { roomId, key, rights, acknowledged, seat }
    const socket = new Socket(ws, net, place, this.#socketParts, clock.now())
    this.#open.set(ws, socket)
    try {
      await socket.join()
    } catch (error) {
      if (!(error instanceof PageDeleted)) {
        logger.warn({ room: roomId, error: String(error) }, 'a page could not be opened')
        return socket.close(Close.overloaded, 'the page cannot be opened now', RETRY_MS)
      }
      this.#gone(socket, Close.deleted)
      this.#open.set(ws, null)
      refuse(Close.deleted, error.message)
    }
  }

  /** Acts on changes of rights. @returns when none of those who lost a right can use it any more */
  async reconsider(concerns: (rights: Rights) => boolean): Promise<void> {
    const concerned = [...this.#open.values()].filter((socket) => socket !== null && concerns(socket.rights))
    await Promise.all(concerned.map((socket) => socket?.reconsider()))
  }

  /** Who calls, and what they may do there. Nothing tells whether the page exists before that is known. */
  async #rightsOf(request: IncomingMessage, query: URLSearchParams, page: PageName): Promise<Rights | Refusal> {
    const { access } = this.#parts
    const caller = await access.identify(credentialsOf(request, query))
    if (!('user' in caller)) return caller
    const grant = await access.grant(caller, page)
    if (!('role' in grant)) return grant
    if (grant.role === 'none') return { denied: 'you may not come here' }
    return new Rights(access, page, caller, grant)
  }

  #hold(ws: WebSocket, key: string, refuse: () => void): void {
    const cancel = this.#holds.hold(key, refuse)
    ws.on('close', cancel)
  }

  #sweepLater(): void {
    this.#stopSweep = this.#parts.clock.after(untilBeat(this.#parts.clock, SWEEP_MS), () => {
      const now = this.#parts.clock.now()
      for (const socket of this.#open.values()) socket?.sweep(now)
      this.#sweepLater()
    })
  }
}

const refusalOf = (refusal: Exclude<Refusal, { again: string }>): [CloseCode, string] =>
  'denied' in refusal ? [Close.forbidden, refusal.denied] : [Close.unauthorized, refusal.refused]
