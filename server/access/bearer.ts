/** The ways in which a caller may bring a token. */
import { TOKEN_PREFIX } from '../../shared/protocol.ts'
import type { Credentials } from '../access.ts'

/** Longer ones are not looked at. */
const MAX_TOKEN_BYTES = 8192

/**
 * The token of an upgrade or request.
 * @returns null where there is none
 * @throws Error when there are two that differ, or it is too long
 */
export const tokenOf = ({ query, authorization, protocols }: Credentials): string | null => {
  const given = [
    ...protocols.filter((name) => name.startsWith(TOKEN_PREFIX)).map((name) => name.slice(TOKEN_PREFIX.length)),
    ...(/^bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.slice(1) ?? []),
    ...query.getAll('token'),
  ].filter((token) => token !== '')
  const [token, ...others] = new Set(given)
  if (token === undefined) return null
  if (others.length > 0) throw new Error('two different tokens were given')
  if (token.length > MAX_TOKEN_BYTES) throw new Error(`the token is longer than ${MAX_TOKEN_BYTES} bytes`)
  return token
}
