/** Who calls, and whether they may: every route asks here, and nowhere else. */
import type { Context } from 'hono'
import { roomIdOf } from '../../shared/names.ts'
import type { Access, Caller, Grant } from '../access.ts'
import { Problem } from './problem.ts'

/** What a caller wants to do. `admin` is for the service itself. */
export type Need = 'read' | 'write' | 'manage' | 'admin'

/** What it is done to: a page, a story (its own document stands for it), or the service. */
export type What = { readonly story: string; readonly page?: string } | 'service'

/** @returns the caller @throws Problem: 401 where nobody is named, 404 for what is not theirs, 403 where they may only read */
export type Authorize = (c: Context, what: What, need: Need) => Promise<Caller>

const RANK: Readonly<Record<Grant['role'], number>> = { read: 1, write: 2, manage: 3 }

export const authorizer =
  (access: Access): Authorize =>
  async (c, what, need) => {
    const caller = await access.identify({ query: new URL(c.req.url).searchParams })
    if ('refused' in caller) throw new Problem(401, 'Unauthorized', caller.refused)
    if (what === 'service' || need === 'admin') return caller
    const { role } = access.grant(caller, { story: what.story, page: what.page ?? '_story' })
    if (RANK[role] >= RANK[need]) return caller
    const name = what.page === undefined ? what.story : roomIdOf({ story: what.story, page: what.page })
    throw new Problem(403, 'Forbidden', `you may not ${need} ${name}`)
  }

/** The answer for what does not exist and for what is not the caller's: they must not be told apart. */
export const NOT_FOUND = 'there is no such thing, or it is not yours'
