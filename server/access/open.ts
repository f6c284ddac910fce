/** Open mode: every caller may do everything, and is called what `?user=` says. */
import type { Access, Caller, Refusal } from '../access.ts'
import type { Standing } from './standing.ts'

const MAX_USER_BYTES = 128

/** @param standing tells what is frozen: everybody manages, so it bars nobody */
export const openAccess = (standing: Standing): Access => ({
  identify: async ({ query }) => named(query.get('user') ?? ''),
  identifyToken: async () => ({ refused: 'no token is taken in open mode' }),
  grant: async (_caller, scope) => ({ role: 'manage', frozen: standing.frozen(scope) }),
})

const named = (user: string): Caller | Refusal => {
  if (new TextEncoder().encode(user).length > MAX_USER_BYTES) {
    return { refused: `user is longer than ${MAX_USER_BYTES} bytes` }
  }
  return {
    user: user === '' ? null : user,
    name: null,
    isProven: false,
    isAdmin: true,
    expiresAt: null,
    saidAt: 0,
    granted: null,
    opaque: null,
  }
}
