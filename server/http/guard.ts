/** What stands before every route of the API: which browsers may call, and what is written down of managing acts. */
import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import type { Act } from '../access.ts'
import { AUTHORIZED, type Authorized, CHANGING } from './authorize.ts'
import { type OriginRules, originAllowed } from './origin.ts'
import { problem } from './problem.ts'

export interface GuardParts {
  readonly config: OriginRules
  /** Writes down what a manager did, under an id. */
  readonly note: (act: Act) => Promise<string>
  /** Adds to what stands under an id. */
  readonly add: (id: string, detail: NonNullable<Act['detail']>) => Promise<void>
  /** Bytes of a request's body. */
  readonly maxBodyBytes: number
}

/** What a route adds to what is written down of it: to whom it was done, and how. */
export interface Noted {
  readonly about?: string
  readonly detail?: Readonly<Record<string, unknown>>
}

const NOTED = 'noted'
const LOOKED = 'looked'
const WRITER = 'writer'
const ASKED_HEADERS = 'authorization, content-type, idempotency-key'
const TOLD_HEADERS = 'etag, location, retry-after'

/** Adds to what is written down of this request. */
export const note = (c: Context, noted: Noted): void => c.set(NOTED, noted)

/** Says that nothing more is to be written down of this request: it only looked, say. */
export const onlyLooked = (c: Context): void => c.set(LOOKED, true)

/** Adds to what was written down. */
export type Adding = (detail: NonNullable<Act['detail']>) => Promise<void>

/** Writes down what begins and has not `ended`, for a route that answers before it has. @throws DatabaseError */
export const noteNow = async (c: Context): Promise<Adding> => {
  const { note: write, add }: GuardParts = c.get(WRITER)
  const act = actOf(c, c.get(AUTHORIZED))
  // A process that is killed tells nobody: what it never came to say has to stand there from the first.
  const id = await write({ ...act, detail: { ...act.detail, ended: false } })
  onlyLooked(c)
  return (detail) => add(id, detail)
}

/** Puts the guard before all routes below `path`. */
export const guard = (app: Hono, path: string, parts: GuardParts): void => {
  app.use(path, async (c, next) => {
    const origin = c.req.header('origin') ?? null
    if (!originAllowed({ origin, host: c.req.header('host') ?? null, config: parts.config })) {
      c.res = problem(403, 'Origin not allowed', 'This origin may not call; see ALLOWED_ORIGINS.')
      return
    }
    if (c.req.method === 'OPTIONS') c.res = new Response(null, { status: 204 })
    else await next()
    if (origin !== null) allow(c, origin)
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
  })
  app.use(path, async (c: Context, next) => {
    c.set(WRITER, parts)
    await next()
    const authorized: Authorized | undefined = c.get(AUTHORIZED)
    if (authorized === undefined || !isManaging(authorized, c.req.method) || c.res.status >= 400) return
    if (c.get(LOOKED) === true) return
    await parts.note(actOf(c, authorized))
  })
  const onError = () => problem(413, 'Too large', `A body may have ${parts.maxBodyBytes} bytes.`)
  app.use(path, bodyLimit({ maxSize: parts.maxBodyBytes, onError }))
}

const isManaging = ({ need }: Authorized, method: string): boolean =>
  CHANGING.has(method) && (need === 'manage' || need === 'admin')

const actOf = (c: Context, { caller, what }: Authorized): Act => {
  const noted: Noted | undefined = c.get(NOTED)
  return {
    author: caller.user,
    act: `${c.req.method} ${pathOf(c)}`,
    story: what === 'service' ? null : what.story,
    page: what === 'service' ? null : (what.page ?? null),
    about: noted?.about ?? null,
    detail: noted?.detail ?? null,
  }
}

/** The pattern of the route that answered; what stands before all routes ends in an asterisk. */
const pathOf = (c: Context): string => matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'))?.path ?? c.req.path

const allow = (c: Context, origin: string): void => {
  c.header('access-control-allow-origin', origin)
  c.header('access-control-allow-methods', 'GET, POST, PUT, DELETE')
  c.header('access-control-allow-headers', ASKED_HEADERS)
  c.header('access-control-expose-headers', TOLD_HEADERS)
  c.header('access-control-max-age', '600')
  c.header('vary', 'origin', { append: true })
}
