/** `/api/v1`: which browsers may call, who calls, and what is written down of it. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { routePath } from 'hono/route'
import type { Access } from '../access.ts'
import type { Logger } from '../ports.ts'
import type { ApiVariables, Authorized } from './authorize.ts'
import { type OriginRules, originAllowed } from './origin.ts'
import { Problem, problem } from './problem.ts'

export type Api = Hono<{ Variables: ApiVariables }>

export interface Act {
  readonly author: string | null
  readonly act: string
  readonly story: string | null
  readonly page: string | null
  readonly about: string | null
  readonly detail: Readonly<Record<string, unknown>> | null
}

export interface ApiParts {
  readonly config: OriginRules
  readonly access: Access
  readonly logger: Logger
  /** Writes down what a manager did. */
  readonly note: (act: Act) => Promise<void>
  /** Bytes of a request's body. */
  readonly maxBodyBytes: number
  /** Each adds its routes. */
  readonly routes: readonly ((api: Api) => void)[]
}

const MANAGING = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const ASKED_HEADERS = 'authorization, content-type, idempotency-key'

export const createApi = (parts: ApiParts): Api => {
  const api: Api = new Hono()
  api.use(async (c, next) => {
    const origin = c.req.header('origin') ?? null
    if (!originAllowed({ origin, host: c.req.header('host') ?? null, config: parts.config })) {
      return problem(403, 'Origin not allowed', 'This origin may not call; see ALLOWED_ORIGINS.')
    }
    if (c.req.method === 'OPTIONS') c.res = new Response(null, { status: 204 })
    else await next()
    if (origin !== null) allow(c.res.headers, origin)
    c.header('cache-control', 'no-store')
  })
  api.use(async (c, next) => {
    c.set('access', parts.access)
    await next()
    const authorized = c.get('authorized')
    if (authorized === undefined || !isManaging(authorized, c.req.method) || c.res.status >= 400) return
    const noted = c.get('noted')
    await parts.note({
      author: authorized.caller.user,
      act: `${c.req.method} ${routePath(c, -1)}`,
      story: authorized.scope?.story ?? null,
      page: authorized.scope?.page ?? null,
      about: noted?.about ?? null,
      detail: noted?.detail ?? null,
    })
  })
  api.use(
    bodyLimit({
      maxSize: parts.maxBodyBytes,
      onError: () => problem(413, 'Too large', `A body may have ${parts.maxBodyBytes} bytes.`),
    }),
  )
  for (const add of parts.routes) add(api)
  api.notFound(() => problem(404, 'Not found'))
  api.onError((error) => {
    if (error instanceof Problem) return error.response()
    parts.logger.error({ reason: error.message }, 'a request failed')
    return problem(500, 'Internal error')
  })
  return api
}

const isManaging = ({ need }: Authorized, method: string): boolean =>
  MANAGING.has(method) && (need === 'manage' || need === 'admin')

const allow = (headers: Headers, origin: string): void => {
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-allow-methods', 'GET, POST, PUT, DELETE')
  headers.set('access-control-allow-headers', ASKED_HEADERS)
  headers.set('access-control-expose-headers', 'etag, location, retry-after')
  headers.set('access-control-max-age', '600')
  headers.append('vary', 'origin')
}
