/**
 * Tokens signed with a secret that the application shares (HS256). The digest is worked out here and now: jose's way
 * through WebCrypto asks a thread for it, which costs more than all the rest of a token. What the token says of itself
 * and what it claims is read and checked by jose.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { decodeProtectedHeader, errors, UnsecuredJWT } from 'jose'
import type { Keys } from './keys.ts'

const ALGORITHM = 'HS256'
const PARTS = 3
/** Stands before claims whose signature is known to be right, because jose checks claims only behind a header. */
const CHECKED_BEFORE = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')

/** @param secret 32 bytes or more */
export const secretKeys = (secret: string): Keys => {
  const key = createSecretKey(secret, 'utf8')
  return {
    verify: (token, asked) => {
      const [header = '', claims = '', signature = '', ...more] = token.split('.', PARTS + 1)
      if (header === '' || claims === '' || more.length > 0) throw new errors.JWSInvalid('not three parts')
      checkHeader(token)
      const expected = createHmac('sha256', key).update(`${header}.${claims}`).digest('base64url')
      if (!isSame(signature, expected)) throw new errors.JWSSignatureVerificationFailed()
      return UnsecuredJWT.decode(`${CHECKED_BEFORE}.${claims}.`, asked).payload
    },
  }
}

/** @throws an error of jose where the token is not signed as it must be */
const checkHeader = (token: string): void => {
  const { alg, crit } = decodeProtectedHeader(token)
  if (alg !== ALGORITHM) throw new errors.JOSEAlgNotAllowed('the algorithm is not allowed')
  if (crit !== undefined) throw new errors.JOSENotSupported('nothing critical is understood')
}

/** Letter by letter, so that there is one way to write a signature. As UTF-8: in Latin-1 other letters would do as well. */
const isSame = (given: string, expected: string): boolean => {
  const [one, other] = [Buffer.from(given, 'utf8'), Buffer.from(expected, 'utf8')]
  return one.length === other.length && timingSafeEqual(one, other)
}
