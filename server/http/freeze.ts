/** Freezing a page or a story: nobody but its managers writes there, until it is thawed. */
import type { Scope } from '../access.ts'
import type { Api } from './api.ts'
import { authorize } from './authorize.ts'
import { jsonOf, scopeOf, textOf } from './body.ts'

export interface FreezeParts {
  /** Freezes a scope or thaws it. @returns how many processes did not say in time that they know */
  readonly freeze: (scope: Scope, isFrozen: boolean, reason: string | null) => Promise<{ readonly silent: number }>
}

const MAX_REASON_BYTES = 200

export const freezeRoutes =
  ({ freeze }: FreezeParts) =>
  (api: Api): void => {
    for (const path of ['/stories/:story/freeze', '/stories/:story/pages/:page/freeze']) {
      api.put(path, async (c) => {
        const scope = scopeOf(c)
        await authorize(c, scope, 'manage')
        const reason = textOf(await jsonOf(c), 'reason', MAX_REASON_BYTES)
        const { silent } = await freeze(scope, true, reason)
        if (reason !== null) c.set('noted', { detail: { reason } })
        return c.json({ ...scope, frozen: true, silent })
      })
      api.delete(path, async (c) => {
        const scope = scopeOf(c)
        await authorize(c, scope, 'manage')
        const { silent } = await freeze(scope, false, null)
        return c.json({ ...scope, frozen: false, silent })
      })
    }
  }
