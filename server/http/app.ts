/** The HTTP side: health, metrics, the API and the web app. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { type Handler, Hono } from 'hono'
import type { Metrics } from '../metrics.ts'
import type { Logger } from '../ports.ts'
import { answerFault, createApi, describeApi } from './api/api.ts'
import type { ApiParts } from './api/parts.ts'
import { type GuardParts, guard } from './guard.ts'
import { hostAllowed, type OriginRules } from './origin.ts'
import { problem } from './problem.ts'
import { pageRoutes, secure } from './web.ts'
import { type WorkParts, workRoutes } from './work.ts'

export interface Readiness {
  readonly draining: boolean
  /** Whether the database answered last. Rooms stay live without it. */
  readonly database: boolean
}

export interface Gauges {
  /** Rooms in memory. */
  readonly rooms: number
  /** Bytes taken in and not committed yet. */
  readonly unsavedBytes: number
  /** Sockets passed on to other nodes. */
  readonly pipes: number
}

export interface AppParts {
  readonly config: OriginRules
  readonly metrics: Metrics
  readonly logger: Logger
  /** What stands before the API. */
  readonly guard: GuardParts
  readonly api: ApiParts
  /** Other routes below /api/v1. */
  readonly routes: readonly Hono[]
  readonly work: WorkParts
  readiness(): Readiness
  gauges(): Gauges
}

const API = '/api/v1'

/** Every route that is not a WebSocket. */
export const createApp = (parts: AppParts): Hono => {
  const app = new Hono()
  declareGauges(parts)
  app.use(async (c, next) => {
    if (hostAllowed(c.req.header('host') ?? null, parts.config)) await next()
    else
      c.res = problem(403, 'Host not allowed', 'In open mode the service answers to its own and loopback names only.')
    secure(c)
  })
  app.get('/healthz', (c) => c.json({ status: 'alive' }, 200, { 'cache-control': 'no-store' }))
  app.get('/readyz', (c) => {
    const { draining, database } = parts.readiness()
    const body = { status: draining ? 'draining' : 'ready', database: database ? 'reachable' : 'away' }
    return c.json(body, draining ? 503 : 200, { 'cache-control': 'no-store' })
  })
  app.get('/metrics', async (c) =>
    c.body(await parts.metrics.text(), 200, { 'content-type': parts.metrics.contentType }),
  )
  guard(app, `${API}/*`, parts.guard)
  for (const routes of parts.routes) app.route(API, routes)
  app.route(`${API}/admin`, workRoutes(parts.work))
  const api = createApi(parts.api)
  app.route(API, api)
  app.get('/openapi.json', describing(api))
  pageRoutes(app)
  app.notFound(() => problem(404, 'Not found'))
  app.onError((error) => answerFault(error, parts.logger))
  return app
}

/** Describes at the first request: that takes a sixth of a start, and few ask. */
const describing = (api: OpenAPIHono): Handler => {
  let description: ReturnType<typeof describeApi> | null = null
  return (c) => {
    description ??= describeApi(api)
    return c.json(description)
  }
}

const declareGauges = ({ metrics, readiness, gauges }: AppParts): void => {
  metrics.gauge('rooms', 'Rooms in memory', () => gauges().rooms)
  metrics.gauge('unsaved_bytes', 'Bytes taken in and not committed yet', () => gauges().unsavedBytes)
  metrics.gauge('pipes', 'Sockets passed on to other nodes that are open', () => gauges().pipes)
  metrics.gauge('database_reachable', 'Whether the database answered last', () => Number(readiness().database))
  metrics.gauge('draining', 'Whether the service is about to end', () => Number(readiness().draining))
}
