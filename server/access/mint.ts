/** Making a token with the HS256 secret. */
import { SignJWT } from 'jose'
import type { Role } from '../access.ts'

export interface Minting {
  readonly secret: string
  readonly issuer: string | null
  readonly audience: string | null
  readonly sub: string
  readonly name: string | null
  readonly isAdmin: boolean
  readonly stories: Readonly<Record<string, Role>>
  readonly pages: Readonly<Record<string, Role>>
  /** Seconds since 1970. */
  readonly now: number
  readonly ttl: number
}

/** A signed token. */
export const mintToken = (minting: Minting): Promise<string> => {
  const { sub, name, isAdmin, stories, pages, issuer, audience, now, ttl } = minting
  const token = new SignJWT({
    ...(name === null ? {} : { name }),
    ...(isAdmin ? { admin: true } : {}),
    ...(Object.keys(stories).length === 0 ? {} : { stories }),
    ...(Object.keys(pages).length === 0 ? {} : { pages }),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(sub)
    .setIssuedAt(now)
    .setExpirationTime(now + ttl)
  if (issuer !== null) token.setIssuer(issuer)
  if (audience !== null) token.setAudience(audience)
  return token.sign(new TextEncoder().encode(minting.secret))
}
