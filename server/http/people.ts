/** What operators do about people: revoke, forget, and the audit of what was done. */

import type { Hono } from 'hono'
import { type Act, ROLES, type Role, type Scope } from '../access.ts'
import type { Authorize } from './authorize.ts'
import { jsonOf, nameOf, textOf } from './body.ts'
import { note } from './guard.ts'
import { Problem } from './problem.ts'

export interface PeopleParts {
  readonly authorize: Authorize
  /** In open mode there is nobody whose rights could be changed. */
  readonly isOpen: boolean
  /**
   * Changes what was granted to a user until now.
   * @param scope null: everything
   * @returns how many processes did not say in time that they know
   */
  readonly revoke: (user: string, scope: Scope | null, role: Role) => Promise<{ readonly silent: number }>
  /** Puts an opaque id in the place of a user. */
  readonly forget: (user: string) => Promise<{ readonly opaque: string; readonly replaced: number }>
  readonly audit: (page: { before: Date | null; limit: number }) => Promise<(Act & { readonly at: Date })[]>
}

const MAX_USER_BYTES = 128
const MOST_ACTS = 1000

export const peopleRoutes = (api: Hono, parts: PeopleParts): void => {
  const { authorize } = parts
  api.post('/admin/revoke', async (c) => {
    await authorize(c, 'service', 'admin')
    const { user, scope, role } = revocation(await jsonOf(c))
    if (parts.isOpen) throw new Problem(409, 'Open mode', 'Every caller may do everything: there is nothing to revoke.')
    const { silent } = await parts.revoke(user, scope, role)
    note(c, { about: user, detail: { story: scope?.story ?? null, page: scope?.page ?? null, grant: role } })
    return c.json({ user, story: scope?.story ?? null, page: scope?.page ?? null, grant: role, silent })
  })
  api.post('/admin/forget', async (c) => {
    await authorize(c, 'service', 'admin')
    const user = textOf(await jsonOf(c), 'user', MAX_USER_BYTES)
    if (user === null) throw new Problem(400, 'Bad request', 'user is missing: who is to be forgotten?')
    const { opaque, replaced } = await parts.forget(user)
    note(c, { about: opaque, detail: { replaced } })
    return c.json({ user: opaque, replaced })
  })
  api.get('/admin/audit', async (c) => {
    await authorize(c, 'service', 'admin')
    const limit = Number(c.req.query('limit') ?? 100)
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ACTS) {
      throw new Problem(400, 'Bad request', `limit must be a whole number from 1 to ${MOST_ACTS}.`)
    }
    const given = c.req.query('before')
    const before = given === undefined ? null : new Date(given)
    if (before !== null && Number.isNaN(before.getTime())) {
      throw new Problem(400, 'Bad request', 'before must be a time such as 2026-01-31T12:00:00Z.')
    }
    return c.json({ acts: await parts.audit({ before, limit }) })
  })
}

const revocation = (body: Readonly<Record<string, unknown>>): { user: string; scope: Scope | null; role: Role } => {
  const user = textOf(body, 'user', MAX_USER_BYTES)
  if (user === null) throw new Problem(400, 'Bad request', 'user is missing: whose rights are to change?')
  const story = textOf(body, 'story', MAX_USER_BYTES)
  const page = textOf(body, 'page', MAX_USER_BYTES)
  const given = textOf(body, 'grant', 16) ?? 'none'
  const role = ROLES.find((known) => known === given)
  if (role === undefined) throw new Problem(400, 'Bad request', `grant must be one of ${ROLES.join(', ')}.`)
  if (story === null) {
    if (page !== null) throw new Problem(400, 'Bad request', 'story is missing: a page is named within its story.')
    if (role !== 'none') throw new Problem(400, 'Bad request', 'story is missing: everything can only be revoked.')
    return { user, scope: null, role }
  }
  return { user, scope: { story: nameOf('story', story), page: page === null ? null : nameOf('page', page) }, role }
}
