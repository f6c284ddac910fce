/** Access where callers bring tokens: who they are, what they were granted, and what was changed since. */
import { STORY_PAGE } from '../../shared/names.ts'
import type { Access, Caller, Credentials, Grant, Refusal, Scope } from '../access.ts'
import { tokenOf } from './bearer.ts'
import type { Callback } from './callback.ts'
import type { Standing } from './standing.ts'
import type { VerifiedTokens } from './verified.ts'

export interface TokenAccessParts {
  /** Verifies tokens; null: the backend reads them. */
  readonly tokens: VerifiedTokens | null
  /** Asked for permission instead of the grants of tokens; null: the tokens say it. */
  readonly callback: Callback | null
  readonly standing: Standing
}

export class TokenAccess implements Access {
  readonly #parts: TokenAccessParts

  constructor(parts: TokenAccessParts) {
    this.#parts = parts
  }

  async identify(credentials: Credentials): Promise<Caller | Refusal> {
    let token: string | null
    try {
      token = tokenOf(credentials)
    } catch (error) {
      return { refused: (error as Error).message }
    }
    return token === null ? { refused: 'a token is needed' } : this.identifyToken(token)
  }

  async identifyToken(token: string): Promise<Caller | Refusal> {
    const { tokens, standing } = this.#parts
    const caller = tokens === null ? await this.#askWho(token) : await tokens.verify(token)
    if (!('user' in caller)) return caller
    if (tokens !== null && caller.user !== null && standing.isRevoked(caller.user, caller.saidAt)) {
      return { refused: 'the token was revoked' }
    }
    return caller
  }

  async grant(caller: Caller, scope: Scope): Promise<Grant | Refusal> {
    const { callback, standing } = this.#parts
    const { user, opaque } = caller
    if (opaque === null && user !== null && standing.isRevoked(user, caller.saidAt)) {
      return { refused: 'the token was revoked' }
    }
    if (caller.isAdmin) return { role: 'manage', frozen: standing.frozen(scope) }
    const { story, page } = scope
    if (callback !== null) {
      const before = standing.lastId
      const answer = await callback.ask({ user: opaque === null ? user : null, token: opaque, story, page })
      // What was answered before a change may be what was true before it.
      if (standing.lastId !== before) return this.grant(caller, scope)
      return 'role' in answer ? { role: answer.role, frozen: standing.frozen(scope) } : answer
    }
    const role = caller.granted?.({ story, page: page ?? STORY_PAGE }) ?? 'none'
    const changed = user === null ? null : standing.changed(user, scope, caller.saidAt)
    return { role: changed ?? role, frozen: standing.frozen(scope) }
  }

  async #askWho(token: string): Promise<Caller | Refusal> {
    const { callback } = this.#parts
    if (callback === null) return { refused: 'no token is taken here' }
    const answer = await callback.ask({ user: null, token, story: null, page: null })
    if (!('role' in answer)) return answer
    const { user, name, isAdmin, expiresAt, at } = answer
    return { user, name, isProven: user !== null, isAdmin, expiresAt, saidAt: at, granted: null, opaque: token }
  }
}
