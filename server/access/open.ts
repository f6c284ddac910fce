/** Open mode: every caller may do everything, and is called what `?user=` says. */
import { type Access, type Caller, type Grant, line, type Refusal } from '../access.ts'
import type { Standing } from './standing.ts'

/** @param standing tells what is frozen: everybody manages, so it bars nobody */
export const openAccess = (standing: Standing): Access => ({
  identify: async ({ query }) => named(query.get('user') ?? ''),
  identifyToken: async () => ({ refused: 'no token is taken in open mode' }),
  grant: async (_caller, scope) => {
    const frozen = standing.frozen(scope)
    return frozen === null ? EVERYTHING : { role: 'manage', frozen }
  },
})

/** One for all: each socket keeps what its caller is and may do. */
const EVERYTHING: Grant = { role: 'manage', frozen: null }
const UNNAMED: Caller = {
  user: null,
  name: null,
  isProven: false,
  isAdmin: true,
  expiresAt: null,
  saidAt: 0,
  granted: null,
  opaque: null,
}

const named = (user: string): Caller | Refusal => {
  if (user === '') return UNNAMED
  try {
    return { ...UNNAMED, user: line('user', user) }
  } catch (error) {
    return { refused: (error as Error).message }
  }
}
