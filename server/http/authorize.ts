/** Whether a request may do what it asks for: the same check for every route. */
import type { Context } from 'hono'
import { type Access, barrierOf, type Caller, type Credentials, type Role, type Scope, suffices } from '../access.ts'
import { Problem } from './problem.ts'

/** What the middleware of the API hands to its routes. */
export interface ApiVariables {
  access: Access
  /** Set by `authorize`: an act of a manager is written down. */
  authorized: Authorized | undefined
  /** What a route adds to what is written down of it. */
  noted: { about?: string; detail?: Readonly<Record<string, unknown>> } | undefined
}

export interface Authorized {
  readonly caller: Caller
  readonly need: Need
  readonly scope: Scope | null
}

export type Need = Exclude<Role, 'none'> | 'admin'

export type ApiContext = Context<{ Variables: ApiVariables }>

/**
 * Who calls, where they may do what they ask for.
 * @param what a page, a story (`page` null), or null: the service
 * @throws Problem 401 without a valid token; 404 alike where there is no such page and where it is not theirs;
 *   403 where they may read it and not more; 503 where nobody can tell now
 */
export const authorize = async (c: ApiContext, what: Scope | null, need: Need): Promise<Caller> => {
  const access = c.get('access')
  const caller = await access.identify(credentialsOf(c))
  if (!('user' in caller)) throw refusal(caller)
  if (what === null || need === 'admin') {
    if (!caller.isAdmin) throw new Problem(403, 'Not allowed', 'This is for operators: the token has no "admin": true.')
  } else await authorizeScope(access, caller, what, need)
  c.set('authorized', { caller, need, scope: what })
  return caller
}

const authorizeScope = async (access: Access, caller: Caller, what: Scope, need: Exclude<Need, 'admin'>) => {
  const grant = await access.grant(caller, what)
  if (!('role' in grant)) throw refusal(grant)
  if (grant.role === 'none') throw notThere()
  if (!suffices(grant.role, need))
    throw new Problem(403, 'Not allowed', `This asks for ${need}, you may ${grant.role}.`)
  const barrier = need === 'read' ? null : barrierOf(grant)
  if (barrier !== null) throw new Problem(403, 'Frozen', barrier.reason)
}

/** What is answered for a page that does not exist, and for one that is not the caller's. */
export const notThere = (): Problem => new Problem(404, 'Not found', 'There is no such page, or you may not see it.')

const refusal = (answer: { refused: string } | { denied: string } | { again: string }): Problem => {
  if ('again' in answer) return new Problem(503, 'Try again', answer.again, { 'retry-after': '2' })
  if ('denied' in answer) return notThere()
  return new Problem(401, 'Who is it?', answer.refused, { 'www-authenticate': 'Bearer' })
}

const credentialsOf = (c: ApiContext): Credentials => ({
  query: new URL(c.req.url).searchParams,
  authorization: c.req.header('authorization') ?? null,
  protocols: [],
})
