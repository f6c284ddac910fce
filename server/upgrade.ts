/** From an HTTP upgrade to its handshake: refused, passed on to the node that has the page, or opened here. */
import type { IncomingMessage } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { SUBPROTOCOL, TOKEN_PREFIX } from '../shared/protocol.ts'
import { clientAddress, type ProxyList } from './address.ts'
import type { Counters, Logger } from './ports.ts'
import type { Opening } from './socket-opening.ts'
import { forwardedFor, offeredBy, PATH, refuseHandshake } from './upgrade-request.ts'

export interface UpgradesParts {
  readonly opening: Pick<Opening, 'open'>
  readonly logger: Logger
  readonly counters: Counters
  /** Whose word on the address of a client is believed. */
  readonly proxies: ProxyList
  /** Whether a browser page of this origin may open a socket here; null: not a browser. */
  readonly originAllowed: (origin: string | null, host: string | null) => boolean
  /** Null: this process is the only one. */
  readonly elsewhere: Elsewhere | null
  /** Bytes of the largest frame, a first sync. */
  readonly maxFrameBytes: number
  /** Sockets that may wait for their room at once. */
  readonly maxWaiting: number
}

/** Other nodes that serve from the same database. */
export interface Elsewhere {
  /** The client's address where a node passed the request on; null: none did; `forged`: somebody says so falsely. */
  clientOf(request: IncomingMessage): { readonly client: string } | 'forged' | null
  /** Passes a socket on to the node that has its page. @returns false: it is to be served here, untouched as it is */
  pass(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<boolean>
}

interface Fault {
  readonly status: string
  readonly text: string
}

const RESTARTS: Fault = { status: '503 Service Unavailable', text: 'the service restarts' }
const FORGED: Fault = { status: '403 Forbidden', text: 'no node of this service sent this; see NODE_SECRET' }

export class Upgrades {
  readonly #parts: UpgradesParts
  readonly #wss: WebSocketServer
  /** Sockets that are on their way to a page, here or at another node. */
  #waiting = 0
  #draining = false

  constructor(parts: UpgradesParts) {
    this.#parts = parts
    this.#wss = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: parts.maxFrameBytes,
      handleProtocols: (offered) => {
        const name = [...offered].find((each) => !each.startsWith(TOKEN_PREFIX)) ?? false
        // The constant: a piece of the request would be kept with every socket.
        return name === SUBPROTOCOL ? SUBPROTOCOL : name
      },
    })
  }

  get isDraining(): boolean {
    return this.#draining
  }

  /** Accepts no more. */
  drain(): void {
    this.#draining = true
  }

  /** Answers a request to upgrade, whose socket it takes over. Never throws. */
  async serve(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const fault = this.#faultOf(request)
    if (fault !== null) return this.#refuse(socket, fault)
    const { elsewhere, proxies } = this.#parts
    const passed = elsewhere?.clientOf(request) ?? null
    if (passed === 'forged') return this.#refuse(socket, FORGED)
    const { remoteAddress } = socket as NetSocket
    const address = passed?.client ?? clientAddress(remoteAddress, forwardedFor(request), proxies)
    if (elsewhere !== null && passed === null && (await this.#pass(elsewhere, request, socket, head, address))) return
    this.#wss.handleUpgrade(request, socket, head, (ws) =>
      this.#whileWaiting(this.#parts.opening.open(ws, request, socket as NetSocket, address)),
    )
  }

  /** @returns whether the socket is served elsewhere, or not at all */
  async #pass(
    elsewhere: Elsewhere,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ): Promise<boolean> {
    const lost = () => void socket.destroy()
    socket.on('error', lost)
    try {
      if (await this.#whileWaiting(elsewhere.pass(request, socket, head, address))) return true
    } catch (error) {
      this.#parts.logger.error({ error: String(error) }, 'a socket could not be passed on, and was cut')
      lost()
    }
    socket.off('error', lost)
    if (socket.destroyed) return true
    if (this.#draining) this.#refuse(socket, RESTARTS)
    return this.#draining
  }

  async #whileWaiting<T>(opening: Promise<T>): Promise<T> {
    this.#waiting++
    try {
      return await opening
    } finally {
      this.#waiting--
    }
  }

  #refuse(socket: Duplex, { status, text }: Fault): void {
    this.#parts.counters.count('sockets_refused')
    refuseHandshake(socket, status, text)
  }

  /** What can be decided before the handshake is decided before it. */
  #faultOf(request: IncomingMessage): Fault | null {
    const { originAllowed, maxWaiting, counters } = this.#parts
    if (!(request.url ?? '').startsWith(PATH)) return { status: '404 Not Found', text: `sockets open below ${PATH}` }
    if (this.#draining) return RESTARTS
    if (!originAllowed(request.headers.origin ?? null, request.headers.host ?? null)) {
      return { status: '403 Forbidden', text: 'this origin may not connect; see ALLOWED_ORIGINS' }
    }
    const offered = offeredBy(request)
    if (offered[0] !== '' && offered.every((name) => name.startsWith(TOKEN_PREFIX))) {
      return { status: '400 Bad Request', text: `offer ${SUBPROTOCOL} or y beside the token` }
    }
    if (this.#waiting >= maxWaiting) {
      counters.count('limit_waiting_sockets')
      return { status: '503 Service Unavailable', text: 'too many sockets wait for their page' }
    }
    return null
  }
}
