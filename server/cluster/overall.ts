/** What is asked of a service with workers as a whole: whether it lives, whether it is ready, what it counts. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { OriginRules } from '../http/origin.ts'
import { hostAllowed } from '../http/origin.ts'
import { type Metrics, mergedText } from '../metrics.ts'
import type { Status } from './messages.ts'

export interface OverallParts {
  readonly config: OriginRules
  readonly maxHeaderBytes: number
  readonly metrics: Metrics
  readonly isDraining: () => boolean
  /** What each worker that answers says of itself. */
  readonly statuses: () => Promise<readonly Status[]>
}

export const OVERALL = ['/healthz', '/readyz', '/metrics']

/** A server for connections whose first request is for one of OVERALL; it listens nowhere. */
export const createOverall = (parts: OverallParts): Server => {
  const server = createServer({ maxHeaderSize: parts.maxHeaderBytes }, (request, response) => {
    answer(parts, request)
      .catch((): Answer => [500, 'application/json', '{"status":"unknown"}'])
      .then((given) => reply(response, given))
  })
  // It begins to watch for requests that do not end when it is told that it listens.
  server.emit('listening')
  return server
}

type Answer = readonly [status: number, type: string, body: string]

const JSON_TYPE = 'application/json'

const answer = async (parts: OverallParts, { url = '', headers }: IncomingMessage): Promise<Answer> => {
  if (!hostAllowed(headers.host ?? null, parts.config)) return [403, JSON_TYPE, '{"title":"Host not allowed"}']
  switch (url.split('?', 1)[0]) {
    case '/healthz':
      return [200, JSON_TYPE, '{"status":"alive"}']
    case '/readyz':
      return readiness(parts)
    case '/metrics': {
      const statuses = await parts.statuses()
      const all = [await parts.metrics.values(), ...statuses.map(({ metrics }) => metrics)]
      return [200, parts.metrics.contentType, await mergedText(all)]
    }
    default:
      return [404, JSON_TYPE, '{"title":"Not found"}']
  }
}

const readiness = async ({ isDraining, statuses }: OverallParts): Promise<Answer> => {
  const answered = await statuses()
  const status = isDraining() ? 'draining' : answered.length === 0 ? 'without workers' : 'ready'
  const database = answered.some((worker) => worker.database) ? 'reachable' : 'away'
  return [status === 'ready' ? 200 : 503, JSON_TYPE, JSON.stringify({ status, database })]
}

const reply = (response: ServerResponse, [status, type, body]: Answer): void => {
  // The next request on this connection might be for a worker.
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' })
  response.end(body)
}
