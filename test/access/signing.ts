/** Tokens and keys below the service, honest and forged. */
import { createHmac } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { TokenAccess } from '../../server/access/access.ts'
import { KeySet, type Keys } from '../../server/access/keys.ts'
import { Standing } from '../../server/access/standing.ts'
import { VerifiedTokens } from '../../server/access/verified.ts'
import type { Access } from '../../server/access.ts'
import { systemClock } from '../../server/system.ts'
import { quiet } from '../support/logger.ts'
import { SECRET, seconds } from '../support/tokens.ts'

export const keysOf = (keys: readonly JWK[], read = async (): Promise<unknown> => ({ keys })): KeySet =>
  new KeySet({ read, clock: systemClock, logger: quiet })

export const accessBy = (keys: Keys): Access =>
  new TokenAccess({
    tokens: new VerifiedTokens({ keys, issuer: 'app', audience: 'pages', clock: systemClock }),
    callback: null,
    standing: new Standing(),
  })

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export type Claims = Record<string, unknown>

/** Claims of which a token is taken. */
export const good = () => ({
  sub: 'ana',
  exp: seconds() + 60,
  iat: seconds(),
  iss: 'app',
  aud: 'pages',
  stories: { s1: 'write' },
})

export const sign = (claims: Claims, secret = SECRET, header: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(bytes(secret))

/** Signs whatever is given, a text as it stands. */
export const signRaw = (header: unknown, claims: unknown, secret = SECRET): string => {
  const written = [header, claims].map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
  const input = written.map((part) => Buffer.from(part, 'latin1').toString('base64url')).join('.')
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

export const HS256 = { alg: 'HS256' }

/** A pair of keys, the public one as it is published. */
export const rsaKeys = async (): Promise<{ readonly public: JWK; readonly private: CryptoKey }> => {
  const pair = await generateKeyPair('RS256', { extractable: true })
  return { private: pair.privateKey, public: { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256' } }
}
