/**
 * Sockets that belong to another node: their bytes go there and back as they are. Neither side is read faster than the
 * other takes it, and what one side ends or loses the other ends or loses too.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { inTurn } from '../pace.ts'
import type { Clock, Counters, Logger } from '../ports.ts'
import { proofOf } from './proof.ts'

export interface PipesParts {
  readonly secret: string
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
}

/** A node that has not answered a handshake by then is taken to be away, … */
const ANSWER_MS = 2000
/** … for this long. */
const AWAY_MS = 5000
/** One that answers with a refusal is not asked again so soon: its secret, or its clock, is another. */
const REFUSED_MS = 60_000
/** When one side is gone, the other has this long to take what is left. */
const LINGER_MS = 5000
const PROBE_MS = 15_000

const FORBIDDEN = 403

interface Pipe {
  readonly url: string
  readonly client: Duplex
  readonly node: Duplex
}

export class Pipes {
  readonly #parts: PipesParts
  readonly #open = new Set<Pipe>()
  /** Until when a node is taken to be away. */
  readonly #awayUntil = new Map<string, number>()

  constructor(parts: PipesParts) {
    this.#parts = parts
  }

  get open(): number {
    return this.#open.size
  }

  /**
   * Passes a socket on to the node at `url`.
   * @param address of the client
   * @returns false: that node does not take it now; nothing was read of it, and nothing written
   */
  async pass(url: string, request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<boolean> {
    if (this.isAway(url)) return false
    // Headers that a server takes in may be none that a client can send.
    const answer = await this.#ask(url, request, address).catch((error: unknown) => String(error))
    if (typeof answer === 'string') {
      this.#parts.counters.count('pipes_failed')
      this.#parts.logger.warn({ node: url, reason: answer }, 'a node does not take a socket; it is served here')
      return false
    }
    this.#awayUntil.delete(url)
    this.#parts.counters.count('pipes_opened')
    socket.write(handshakeOf(answer.response))
    if (answer.first.length > 0) socket.write(answer.first)
    if (head.length > 0) answer.node.write(head)
    this.#join({ url, client: socket, node: answer.node })
    return true
  }

  /** Whether the node at `url` did not answer a moment ago. */
  isAway(url: string): boolean {
    return (this.#awayUntil.get(url) ?? 0) > this.#parts.clock.now()
  }

  /** Whether the node at `url` answers now. */
  async answers(url: string): Promise<boolean> {
    if (this.isAway(url)) return false
    return new Promise((resolve) => {
      const asked = requesterOf(url)(`${url}/readyz`, { agent: false, timeout: ANSWER_MS }, (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      })
      asked.on('timeout', () => asked.destroy(new Error('no answer')))
      asked.on('error', () => {
        this.#noteAway(url, AWAY_MS)
        resolve(false)
      })
      asked.end()
    })
  }

  /** Cuts the pipes to nodes for which `isThere` is false: what they hold may be stuck. */
  cut(isThere: (url: string) => boolean): void {
    for (const pipe of this.#open) if (!isThere(pipe.url)) destroy(pipe)
  }

  /** Cuts all, one after another over `spreadMs`: their clients come back elsewhere. */
  close(spreadMs: number): Promise<void> {
    return inTurn([...this.#open], spreadMs, this.#parts.clock, destroy)
  }

  #ask(url: string, request: IncomingMessage, address: string): Promise<Answered | string> {
    const { secret, clock } = this.#parts
    const headers = [...request.rawHeaders, ...proofOf(secret, request, address, clock.now())]
    return new Promise((resolve) => {
      const asked = requesterOf(url)(`${url}${request.url ?? ''}`, { headers, agent: false })
      const cancel = clock.after(ANSWER_MS, () => asked.destroy(new Error(`no answer within ${ANSWER_MS} ms`)))
      asked.on('upgrade', (response, node, first) => {
        cancel()
        resolve({ response, node: node as Socket, first })
      })
      asked.on('response', (response) => {
        cancel()
        response.resume()
        this.#noteAway(url, response.statusCode === FORBIDDEN ? REFUSED_MS : AWAY_MS)
        resolve(`it answers ${response.statusCode}`)
      })
      asked.on('error', (error) => {
        cancel()
        this.#noteAway(url, AWAY_MS)
        resolve(error.message)
      })
      asked.end()
    })
  }

  #noteAway(url: string, forMs: number): void {
    this.#awayUntil.set(url, this.#parts.clock.now() + forMs)
  }

  #join(pipe: Pipe): void {
    const { client, node } = pipe
    this.#open.add(pipe)
    for (const side of [client, node] as Socket[]) {
      side.setNoDelay(true)
      side.setKeepAlive(true, PROBE_MS)
    }
    let cancel: (() => void) | null = null
    const linger = () => {
      cancel ??= this.#parts.clock.after(LINGER_MS, () => destroy(pipe))
    }
    const watch = (side: Duplex, other: Duplex) => {
      // An error is followed by a close, which tells the other side.
      side.on('error', () => side.destroy())
      side.on('end', linger)
      side.on('close', () => {
        if (!other.destroyed) {
          other.end()
          return linger()
        }
        this.#open.delete(pipe)
        cancel?.()
      })
    }
    watch(client, node)
    watch(node, client)
    client.pipe(node)
    node.pipe(client)
    if (client.destroyed) node.destroy()
  }
}

interface Answered {
  readonly response: IncomingMessage
  readonly node: Socket
  /** What came behind the answer. */
  readonly first: Buffer
}

const requesterOf = (url: string): typeof requestHttp => (url.startsWith('https:') ? requestHttps : requestHttp)

const destroy = ({ client, node }: Pipe): void => {
  client.destroy()
  node.destroy()
}

/** The answer of the other node, as it came. */
const handshakeOf = ({ statusMessage, rawHeaders }: IncomingMessage): string => {
  const lines = [`HTTP/1.1 101 ${statusMessage}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
