/** Freezing a page or a story: nobody but its managers writes there, until it is thawed. */

import type { Hono } from 'hono'
import type { Scope } from '../access.ts'
import type { Authorize } from './authorize.ts'
import { jsonOf, scopeOf, textOf } from './body.ts'
import { note } from './guard.ts'

export interface FreezeParts {
  readonly authorize: Authorize
  /** Freezes a scope or thaws it. @returns how many processes did not say in time that they know */
  readonly freeze: (scope: Scope, isFrozen: boolean, reason: string | null) => Promise<{ readonly silent: number }>
}

const MAX_REASON_BYTES = 200

export const freezeRoutes = (api: Hono, { authorize, freeze }: FreezeParts): void => {
  for (const path of ['/stories/:story/freeze', '/stories/:story/pages/:page/freeze']) {
    api.put(path, async (c) => {
      const what = scopeOf(c)
      await authorize(c, what, 'manage')
      const scope = { story: what.story, page: what.page ?? null }
      const reason = textOf(await jsonOf(c), 'reason', MAX_REASON_BYTES)
      const { silent } = await freeze(scope, true, reason)
      if (reason !== null) note(c, { detail: { reason } })
      return c.json({ ...scope, frozen: true, silent })
    })
    api.delete(path, async (c) => {
      const what = scopeOf(c)
      await authorize(c, what, 'manage')
      const scope = { story: what.story, page: what.page ?? null }
      const { silent } = await freeze(scope, false, null)
      return c.json({ ...scope, frozen: false, silent })
    })
  }
}
