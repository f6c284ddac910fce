/** The API: its routes, what they answer when they fail, and its description. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import { ArchiveFault, type FaultKind, isDatabaseAway } from '../../log/archive/fault.ts'
import type { Logger } from '../../ports.ts'
import { NOT_FOUND } from '../authorize.ts'
import { Problem, problem } from '../problem.ts'
import { assetRoutes } from './assets.ts'
import { exportRoutes } from './export.ts'
import { historyRoutes } from './history.ts'
import { describeManaging } from './managing.ts'
import { pageRoutes } from './pages.ts'
import type { ApiParts } from './parts.ts'
import { storyRoutes } from './stories.ts'
import { syncRoutes } from './sync.ts'
import { versionRoutes } from './versions.ts'

const RETRY = { 'retry-after': '2' }

/** The routes below /api/v1. */
export const createApi = (parts: ApiParts): OpenAPIHono => {
  const api = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return
      const words = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
      return problem(400, 'Bad request', words.join('; '))
    },
  })
  api.use(async (c, next) => {
    if (!isDecodable(c.req.url)) return problem(400, 'Bad request', 'a name is not valid percent-encoding')
    await next()
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
  })
  storyRoutes(api, parts)
  pageRoutes(api, parts)
  syncRoutes(api, parts)
  assetRoutes(api, parts)
  exportRoutes(api, parts)
  historyRoutes(api, parts)
  versionRoutes(api, parts)
  return api
}

/** The description of everything below /api/v1 as OpenAPI 3.1. */
export const describeApi = (api: OpenAPIHono) => {
  describeManaging(api)
  api.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A token with grants for stories and pages; in open mode none is needed.',
  })
  return api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Scriptorium', version: '1', description: 'Story pages that several people write at once.' },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }],
  })
}

const STATUS: Readonly<Record<FaultKind, readonly [status: number, title: string]>> = {
  missing: [404, 'Not found'],
  deleted: [410, 'Deleted'],
  gone: [410, 'Not kept any more'],
  raced: [409, 'Somebody else was first'],
  taken: [409, 'The name is in use'],
  unproven: [409, 'Not done'],
  reused: [422, 'Idempotency-Key used again'],
  nobody: [422, 'Nothing of theirs'],
  busy: [503, 'Busy'],
  full: [413, 'Too large'],
  'unknown-type': [415, 'Not a picture'],
  invalid: [400, 'Bad request'],
}

/** What a failed request is answered. */
export const answerFault = (error: Error, logger: Logger): Response => {
  if (error instanceof Problem) return problem(error.status, error.title, error.message, error.headers)
  // The framework's own: a body of another type, or no JSON.
  if (error instanceof HTTPException) return problem(error.status, 'Bad request', error.message)
  if (error instanceof ArchiveFault) {
    const [status, title] = STATUS[error.kind]
    const detail = error.kind === 'missing' ? NOT_FOUND : error.message
    return problem(status, title, detail, status === 503 ? RETRY : {})
  }
  if (isDatabaseAway(error)) return problem(503, 'The database is away', 'try again', RETRY)
  logger.error({ reason: error.message }, 'a request failed')
  return problem(500, 'Internal error')
}

const isDecodable = (url: string): boolean => {
  try {
    decodeURIComponent(new URL(url).pathname)
    return true
  } catch {
    return false
  }
}
