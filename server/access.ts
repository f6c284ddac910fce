/** Who a caller is and what they may do on a page. Open mode: everybody may do everything. */
import type { PageName } from '../shared/names.ts'

export interface Caller {
  /** User id as the history names it; null when nobody said. */
  readonly user: string | null
}

export interface Grant {
  readonly role: 'read' | 'write' | 'manage'
}

/** What an upgrade or request tells of its caller. */
export interface Credentials {
  readonly query: URLSearchParams
}

export interface Access {
  /** @returns the caller, or why they are refused */
  identify(credentials: Credentials): Promise<Caller | { readonly refused: string }>
  grant(caller: Caller, page: PageName): Grant
}

const MAX_USER_BYTES = 128

/** Open mode: every caller may do everything, and is called what `?user=` says. */
export const openAccess = (): Access => ({
  identify: async ({ query }) => {
    const user = query.get('user')
    if (user === null || user === '') return { user: null }
    if (new TextEncoder().encode(user).length > MAX_USER_BYTES)
      return { refused: `user is longer than ${MAX_USER_BYTES} bytes` }
    return { user }
  },
  grant: () => ({ role: 'manage' }),
})
