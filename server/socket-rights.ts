/** What the caller behind one socket may do, as it stands now: at open, after a change, with a fresh token. */
import { pageOf } from '../shared/names.ts'
import { type Access, barrierOf, type Caller, type Grant, type Refusal, type Role, type Scope } from './access.ts'

/** What a decision came to. `more`: what was held back before may come in now. */
export type Decision = Refusal | 'same' | 'changed' | 'more'

export class Rights {
  readonly #access: Access
  readonly #roomId: string
  #caller: Caller
  #grant: Grant

  /** @param roomId of the page, whose two names every socket would keep otherwise */
  constructor(access: Access, roomId: string, caller: Caller, grant: Grant) {
    this.#access = access
    this.#roomId = roomId
    this.#caller = caller
    this.#grant = grant
  }

  get caller(): Caller {
    return this.#caller
  }

  get scope(): Scope {
    return pageOf(this.#roomId)
  }

  get role(): Exclude<Role, 'none'> {
    return this.#grant.role === 'none' ? 'read' : this.#grant.role
  }

  get frozen(): string | null {
    return this.#grant.frozen
  }

  /** Why what it writes is not taken now; null: it is. */
  get barrier(): ReturnType<typeof barrierOf> {
    return barrierOf(this.#grant)
  }

  isExpired(now: number): boolean {
    return this.#caller.expiresAt !== null && now >= this.#caller.expiresAt
  }

  /** Asks anew what the caller may do. */
  decide(): Promise<Decision> {
    return this.#decide(this.#caller)
  }

  /** Takes a fresh token of the same user. */
  async renew(token: string): Promise<Decision> {
    const caller = await this.#access.identifyToken(token)
    if (!('user' in caller)) return caller
    if (caller.user !== this.#caller.user) return { refused: 'the token is of another user' }
    return this.#decide(caller)
  }

  async #decide(caller: Caller): Promise<Decision> {
    const grant = await this.#access.grant(caller, this.scope)
    if (!('role' in grant)) return grant
    if (grant.role === 'none') return { denied: 'you may not come here any more' }
    const before = this.#grant
    const wasBarred = this.barrier !== null
    this.#caller = caller
    this.#grant = grant
    if (wasBarred && this.barrier === null) return 'more'
    return before.role === grant.role && before.frozen === grant.frozen ? 'same' : 'changed'
  }
}
