/** From an HTTP upgrade to a member of a room: what can be refused before the handshake is; then caller, page, room. */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { parsePagePath, roomIdOf } from '../shared/names.ts'
import { Close, type CloseCode, closeReason, deniedMessage, SUBPROTOCOL } from '../shared/protocol.ts'
import type { Access } from './access.ts'
import { Holds } from './hold.ts'
import type { Clock, Counters, Logger } from './ports.ts'
import { PageDeleted, type Rooms } from './room/rooms.ts'
import { Socket, type SocketParts } from './socket.ts'
import { Wire } from './wire.ts'

const PATH = '/collab/'
const TOKEN_PREFIX = 'scriptorium.token.'
/** Until caller and room are known a socket waits this long. */
const OPEN_MS = 5000
const SWEEP_MS = 5000
const RETRY_MS = 2000
/** A closing handshake that nobody answers is cut after this. */
const CLOSING_MS = 2000

export interface UpgradeSettings {
  /** Bytes of one live update. */
  readonly maxUpdateBytes: number
  /** Bytes of the largest frame, a first sync. */
  readonly maxFrameBytes: number
  /** Sockets that may wait for their room at once. */
  readonly maxWaiting: number
}

export interface UpgradeParts {
  readonly rooms: Rooms
  readonly access: Access
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
  readonly settings: UpgradeSettings
  /** Whether a browser page of this origin may open a socket here; null: not a browser. */
  readonly originAllowed: (origin: string | null, host: string | null) => boolean
}

/** All WebSockets of this process. */
export class Sockets {
  readonly #parts: UpgradeParts
  readonly #socketParts: SocketParts
  readonly #wss: WebSocketServer
  readonly #holds: Holds
  readonly #open = new Map<WebSocket, Socket | null>()
  #waiting = 0
  #draining = false
  #stopSweep: () => void = () => undefined

  /** Serves upgrades of `server`. */
  constructor(server: Server, parts: UpgradeParts) {
    this.#parts = parts
    const { rooms, logger, settings } = parts
    this.#socketParts = { rooms, logger, settings, wire: new Wire() }
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

  /** Ends every socket; those that do not answer their close frame in time are cut. */
  async close(): Promise<void> {
    this.#stopSweep()
    for (const [ws, socket] of this.#open) {
      if (socket !== null) socket.close(Close.restart, 'the service restarts')
      else if (ws.readyState === ws.OPEN) refuseNow(ws, Close.restart, 'the service restarts', RETRY_MS)
    }
    const gone = [...this.#open.keys()].map((ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())))
    const cancel = this.#parts.clock.after(CLOSING_MS, () => {
      for (const ws of this.#open.keys()) ws.terminate()
    })
    await Promise.all(gone)
    cancel()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fault = this.#faultOf(request)
    if (fault !== null) {
      this.#parts.counters.count('sockets_refused')
      refuseHandshake(socket, fault.status, fault.text)
      return
    }
    this.#wss.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, request, socket as NetSocket))
  }

  /** What can be decided before the handshake is decided before it. */
  #faultOf(request: IncomingMessage): { status: string; text: string } | null {
    if (!(request.url ?? '').startsWith(PATH)) return { status: '404 Not Found', text: `sockets open below ${PATH}` }
    if (this.#draining) return { status: '503 Service Unavailable', text: 'the service restarts' }
    if (!this.#parts.originAllowed(request.headers.origin ?? null, request.headers.host ?? null)) {
      return { status: '403 Forbidden', text: 'this origin may not connect; see ALLOWED_ORIGINS' }
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    if (offered[0] !== '' && offered.every((name) => name.startsWith(TOKEN_PREFIX))) {
      return { status: '400 Bad Request', text: `offer ${SUBPROTOCOL} or y beside the token` }
    }
    if (this.#waiting >= this.#parts.settings.maxWaiting) {
      return { status: '503 Service Unavailable', text: 'too many sockets wait for their page' }
    }
    return null
  }

  #accept(ws: WebSocket, request: IncomingMessage, net: NetSocket): void {
    ws.pause()
    this.#open.set(ws, null)
    this.#parts.counters.count('sockets_opened')
    ws.on('error', (error) => this.#parts.logger.debug({ error: String(error) }, 'socket error'))
    ws.on('close', (code) => {
      this.#parts.counters.count('sockets_closed')
      this.#open.get(ws)?.gone(code)
      this.#open.delete(ws)
    })
    this.#waiting++
    this.#place(ws, request, net)
      .catch((error: unknown) => {
        this.#parts.logger.warn({ error: String(error) }, 'a page could not be opened')
        refuseNow(ws, Close.overloaded, 'the page cannot be opened now', RETRY_MS)
      })
      .finally(() => {
        this.#waiting--
      })
  }

  async #place(ws: WebSocket, request: IncomingMessage, net: NetSocket): Promise<void> {
    const url = request.url ?? ''
    const queryAt = url.indexOf('?')
    const path = queryAt < 0 ? url : url.slice(0, queryAt)
    const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1))
    const acknowledged = ws.protocol === SUBPROTOCOL
    const refuse = (code: CloseCode, text: string) => {
      this.#parts.counters.count('sockets_refused')
      if (acknowledged) refuseNow(ws, code, text)
      else this.#refuseHeld(ws, `${net.remoteAddress} ${path}`, code, text)
    }
    const page = parsePagePath(path.slice(PATH.length))
    if ('fault' in page) return refuse(Close.badMessage, page.fault)
    const caller = await this.#parts.access.identify({ query })
    if ('refused' in caller) return refuse(Close.unauthorized, caller.refused)
    const grant = this.#parts.access.grant(caller, page)
    const { logger, clock } = this.#parts
    const place = { roomId: roomIdOf(page), caller, grant, acknowledged }
    const socket = new Socket(ws, net, place, this.#socketParts, clock.now())
    if (!this.#open.has(ws)) return
    this.#open.set(ws, socket)
    const cancel = clock.after(OPEN_MS, () =>
      socket.close(Close.overloaded, 'the page takes too long to open', RETRY_MS),
    )
    try {
      await socket.join()
    } catch (error) {
      if (!(error instanceof PageDeleted)) {
        logger.warn({ room: place.roomId, error: String(error) }, 'a page could not be opened')
        return socket.close(Close.overloaded, 'the page cannot be opened now', RETRY_MS)
      }
      this.#open.set(ws, null)
      refuse(Close.deleted, error.message)
    } finally {
      cancel()
    }
  }

  #refuseHeld(ws: WebSocket, key: string, code: CloseCode, text: string): void {
    const cancel = this.#holds.hold(key, () => refuseNow(ws, code, text))
    ws.on('close', cancel)
  }

  #sweepLater(): void {
    this.#stopSweep = this.#parts.clock.after(SWEEP_MS, () => {
      const now = this.#parts.clock.now()
      for (const socket of this.#open.values()) socket?.sweep(now)
      this.#sweepLater()
    })
  }
}

const refuseNow = (ws: WebSocket, code: CloseCode, text: string, retryAfterMs?: number): void => {
  if (ws.readyState !== ws.OPEN) return
  if (code === Close.unauthorized || code === Close.forbidden || code === Close.deleted) ws.send(deniedMessage(text))
  // A paused socket would never read the client's answer to the close frame.
  ws.resume()
  ws.close(code, closeReason(code, text, retryAfterMs))
}

const refuseHandshake = (socket: Duplex, status: string, text: string): void => {
  const body = JSON.stringify({
    type: 'about:blank',
    title: status.slice(4),
    status: Number(status.slice(0, 3)),
    detail: text,
  })
  socket.on('error', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
