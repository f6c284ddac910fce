/** Who calls, and whether they may: every route asks here, and nowhere else. */
import type { Context } from 'hono'
import { type Access, barrierOf, type Caller, type Credentials, type Refusal, type Role, suffices } from '../access.ts'
import type { Counters } from '../ports.ts'
import { Problem } from './problem.ts'
import { tooFast } from './too-fast.ts'

/** What a caller wants to do. `admin` is for the service itself. */
export type Need = Exclude<Role, 'none'> | 'admin'

/** What it is done to: a page, a story (its own document stands for it), or the service. */
export type What = { readonly story: string; readonly page?: string } | 'service'

/**
 * @returns the caller
 * @throws Problem 401 without a valid token; 404 alike for what does not exist and for what is not theirs; 403 where they
 *   may read it and not more; 429 where they change more than their rate allows; 503 where nobody can tell now
 */
export type Authorize = (c: Context, what: What, need: Need) => Promise<Caller>

/** What was asked for and granted, for the audit. */
export interface Authorized {
  readonly caller: Pick<Caller, 'user'>
  readonly what: What
  readonly need: Need
}

/** Where the request keeps it. */
export const AUTHORIZED = 'authorized'

/** The answer for what does not exist and for what is not the caller's: they must not be told apart. */
export const NOT_FOUND = 'there is no such thing, or it is not yours'

export interface AuthorizeParts {
  readonly access: Access
  readonly counters: Counters
  /** Whether a caller who may do everything may operate the service from where they call. */
  readonly isOperator: (c: Context) => boolean
  /** Takes a request that changes something. @returns 0; or how long it has to wait, in ms */
  readonly request: (user: string | null, bytes: number) => number
}

const COUNTED = 'counted'
/** Methods of requests that change something. */
export const CHANGING = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export const authorizer =
  ({ access, isOperator, ...rates }: AuthorizeParts): Authorize =>
  async (c, what, need) => {
    const caller = await access.identify(credentialsOf(c))
    if (!('user' in caller)) throw refusal(caller)
    await count(c, caller, rates)
    if (need === 'admin') {
      if (!caller.isAdmin) throw new Problem(403, 'Forbidden', 'this is for operators: the token has no "admin": true')
      if (!isOperator(c)) {
        throw new Problem(403, 'Forbidden', 'in open mode the service is operated from its own machine only')
      }
    } else if (what !== 'service') await check(access, caller, what, need)
    const authorized: Authorized = { caller, what, need }
    c.set(AUTHORIZED, authorized)
    return caller
  }

/** Counts a request that changes something, once, however often it is asked what its caller may do. @throws Problem 429 */
const count = async (
  c: Context,
  { user }: Caller,
  { counters, request }: Omit<AuthorizeParts, 'access' | 'isOperator'>,
) => {
  if (!CHANGING.has(c.req.method) || c.get(COUNTED) === true) return
  c.set(COUNTED, true)
  const declared = c.req.header('content-length')
  const bytes = declared === undefined ? (await c.req.arrayBuffer()).byteLength : Number(declared)
  const wait = request(user, bytes)
  if (wait === 0) return
  counters.count('rate_refusals')
  throw tooFast('you send', wait)
}

/** Whether a story, or a page of it, may be shown to somebody. */
export type Sees = (caller: Caller, story: string, page?: string) => Promise<boolean>

export const seer =
  (access: Access): Sees =>
  async (caller, story, page) => {
    const grant = await access.grant(caller, { story, page: page ?? null })
    return 'role' in grant && grant.role !== 'none'
  }

const check = async (access: Access, caller: Caller, what: Exclude<What, 'service'>, need: Exclude<Need, 'admin'>) => {
  const { story, page = null } = what
  const grant = await access.grant(caller, { story, page })
  if (!('role' in grant)) throw refusal(grant)
  if (grant.role === 'none') throw new Problem(404, 'Not found', NOT_FOUND)
  if (!suffices(grant.role, need)) {
    throw new Problem(403, 'Forbidden', `you may not ${need} ${page === null ? story : `${story}/${page}`}`)
  }
  const barrier = need === 'read' ? null : barrierOf(grant)
  if (barrier !== null) throw new Problem(403, 'Frozen', barrier.reason)
}

const refusal = (answer: Refusal): Problem => {
  if ('again' in answer) return new Problem(503, 'Try again', answer.again, { 'retry-after': '2' })
  if ('denied' in answer) return new Problem(404, 'Not found', NOT_FOUND)
  return new Problem(401, 'Unauthorized', answer.refused, { 'www-authenticate': 'Bearer' })
}

const credentialsOf = (c: Context): Credentials => ({
  query: new URL(c.req.url).searchParams,
  authorization: c.req.header('authorization') ?? null,
  protocols: [],
})
