/** Inviting somebody to a story: a manager names them, the service signs their token. */
import type { Hono } from 'hono'
import { line, MAX_NAME_BYTES } from '../access.ts'
import type { Authorize } from './authorize.ts'
import { jsonOf, nameOf, textOf } from './body.ts'
import { note } from './guard.ts'
import { Problem } from './problem.ts'

export interface InviteParts {
  readonly authorize: Authorize
  /** null: tokens are signed elsewhere, or none is needed. */
  readonly invite:
    | ((invited: { story: string; name: string; role: 'read' | 'write'; seconds: number }) => Promise<{
        readonly token: string
        readonly user: string
        readonly expires: string
      }>)
    | null
}

const DAY_S = 86_400
export const MOST_DAYS = 30
const ROLES = ['read', 'write'] as const

export const inviteRoutes = (api: Hono, { authorize, invite }: InviteParts): void => {
  api.post('/stories/:story/invitations', async (c) => {
    const story = nameOf('story', c.req.param('story'))
    await authorize(c, { story }, 'manage')
    if (invite === null) {
      throw new Problem(409, 'Not signed here', 'This service signs no tokens: it has no AUTH_JWT_SECRET.')
    }
    const body = await jsonOf(c)
    const name = textOf(body, 'name', MAX_NAME_BYTES)
    if (name === null) throw new Problem(400, 'Bad request', 'name is missing: who is invited?')
    checkLine(name)
    const role = ROLES.find((known) => known === (textOf(body, 'grant', 16) ?? 'write'))
    if (role === undefined) throw new Problem(400, 'Bad request', `grant must be one of ${ROLES.join(', ')}.`)
    const { days = 7 } = body
    if (typeof days !== 'number' || !Number.isInteger(days) || days < 1 || days > MOST_DAYS) {
      throw new Problem(400, 'Bad request', `days must be a whole number from 1 to ${MOST_DAYS}.`)
    }
    const invitation = await invite({ story, name, role, seconds: days * DAY_S })
    note(c, { about: invitation.user, detail: { grant: role, days } })
    return c.json(invitation, 201, { 'cache-control': 'no-store' })
  })
}

/** A token with another name would be refused. @throws Problem 400 */
const checkLine = (name: string): void => {
  try {
    line('name', name)
  } catch (error) {
    throw new Problem(400, 'Bad request', `${(error as Error).message}.`)
  }
}
