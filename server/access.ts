/** Who a caller is and what they may do on a page. `server/access/` answers it by tokens; here is what the rest asks. */
import type { PageName } from '../shared/names.ts'

/** What somebody may do on a page; each role may do what those before it may. */
export const ROLES = ['none', 'read', 'write', 'manage'] as const
export type Role = (typeof ROLES)[number]

/** Whether `role` is enough where `need` is asked for. */
export const suffices = (role: Role, need: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(need)

export interface Caller {
  /** User id as the history names it; null when nobody said. */
  readonly user: string | null
  /** What the others see, where a token says so. */
  readonly name: string | null
  /** Whether somebody vouches for `user`; in open mode anybody may call themselves anything. */
  readonly isProven: boolean
  /** May do everything, and operate the service. */
  readonly isAdmin: boolean
  /** When this ends, in milliseconds since 1970; null: never. */
  readonly expiresAt: number | null
  /** When it was said who this is, in milliseconds since 1970: what was changed later speaks over it. */
  readonly saidAt: number
  /** What the token grants; null where others are asked. */
  readonly granted: ((page: PageName) => Role) | null
  /** The token as it came, where only the application's backend can read it. */
  readonly opaque: string | null
}

/** What a caller may do on a page now. */
export interface Grant {
  readonly role: Role
  /** Why nobody but managers may write; null: the page is not frozen. */
  readonly frozen: string | null
}

/** `refused`: who is it? `denied`: not allowed there. `again`: nobody could tell now, which never means yes. */
export type Refusal = { readonly refused: string } | { readonly denied: string } | { readonly again: string }

/** What an upgrade or request tells of its caller. */
export interface Credentials {
  readonly query: URLSearchParams
  /** The Authorization header. */
  readonly authorization: string | null
  /** Subprotocols that a WebSocket offers. */
  readonly protocols: readonly string[]
}

/** What may be asked of somebody: one page, or a whole story (`page` null). */
export interface Scope {
  readonly story: string
  readonly page: string | null
}

export interface Access {
  /** Who calls. */
  identify(credentials: Credentials): Promise<Caller | Refusal>
  /** Who a fresh token names. */
  identifyToken(token: string): Promise<Caller | Refusal>
  /** What they may do there now. */
  grant(caller: Caller, scope: Scope): Promise<Grant | Refusal>
}

/** A managing act, as the audit keeps it. */
export interface Act {
  /** Who did it; null: nobody said who they are. */
  readonly author: string | null
  /** What was done, as `<method> <route>`. */
  readonly act: string
  readonly story: string | null
  readonly page: string | null
  /** The user it was done to. */
  readonly about: string | null
  /** More of it, as JSON. */
  readonly detail: Readonly<Record<string, unknown>> | null
}

/** Who the others see, where somebody vouches for it. */
export const identityOf = ({ user, name, isProven }: Caller): { readonly id: string; readonly name: string } | null =>
  isProven && user !== null ? { id: user, name: name ?? user } : null

/** Why a grant does not let somebody write now, or null where it does. */
export const barrierOf = (grant: Grant): { code: 'read-only' | 'frozen'; reason: string } | null => {
  if (grant.role === 'manage') return null
  if (grant.frozen !== null) return { code: 'frozen', reason: grant.frozen }
  return grant.role === 'write' ? null : { code: 'read-only', reason: 'you may read this page, not write it' }
}

/** Bytes of the name of a person, and of what tells them from others. */
export const MAX_NAME_BYTES = 128

/** A name of a person: some text of one line. @throws Error otherwise */
export const line = (what: string, given: unknown): string => {
  if (typeof given !== 'string' || given.trim() === '') throw new Error(`${what} is not a text`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(given)) throw new Error(`${what} holds a control character`)
  if (!given.isWellFormed()) throw new Error(`${what} is not valid Unicode`)
  if (new TextEncoder().encode(given).length > MAX_NAME_BYTES) {
    throw new Error(`${what} is longer than ${MAX_NAME_BYTES} bytes`)
  }
  return given
}
