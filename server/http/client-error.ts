/** Requests that are no HTTP, or whose headers are too large: answered before any route hears of them. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Counters } from '../ports.ts'

const ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** The answer to a request before may be half sent: Node keeps it here, and looks at it in this case too. */
interface Answering extends Socket {
  readonly _httpMessage?: { readonly headersSent: boolean } | null
}

/** Answers as Node does by itself, and counts headers that are too large. */
export const answerClientErrors = (server: Server, counters: Counters): void => {
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket: Answering) => {
    if (code === 'HPE_HEADER_OVERFLOW') counters.count('limit_header_bytes')
    if (!socket.writable || socket._httpMessage?.headersSent === true) return void socket.destroy()
    socket.write(`HTTP/1.1 ${ANSWERS[code] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`)
    socket.destroySoon()
  })
}
