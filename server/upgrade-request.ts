/** What a request for a WebSocket says, and how it is refused before the handshake. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type PageName, parsePagePath } from '../shared/names.ts'
import type { Credentials } from './access.ts'

/** Below this sockets open. */
export const PATH = '/collab/'

export interface Asked {
  /** Of the request, as it came. */
  readonly path: string
  readonly page: PageName | { readonly fault: string }
  readonly query: URLSearchParams
}

/** The page that a request below PATH is about, and what stands behind it. */
export const askedBy = ({ url = '' }: IncomingMessage): Asked => {
  const queryAt = url.indexOf('?')
  const path = queryAt < 0 ? url : url.slice(0, queryAt)
  const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1))
  return { path, page: parsePagePath(path.slice(PATH.length)), query }
}

/** Subprotocols that the client offers. */
export const offeredBy = (request: IncomingMessage): string[] =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())

/** What proxies say of the client's address. */
export const forwardedFor = ({ headers }: IncomingMessage): string | undefined => {
  const given = headers['x-forwarded-for']
  return Array.isArray(given) ? given.join(',') : given
}

/** What the client brings to say who it is. */
export const credentialsOf = (request: IncomingMessage, query: URLSearchParams): Credentials => ({
  query,
  authorization: request.headers.authorization ?? null,
  protocols: offeredBy(request),
})

/** Answers a request before its handshake, and ends the connection. */
export const refuseHandshake = (socket: Duplex, status: string, text: string): void => {
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
