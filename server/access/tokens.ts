/** Tokens: a JWT names its user and what they may do. Its signature is checked by its keys, times by jose, claims by value. */
import { errors } from 'jose'
import { type Caller, line, type Refusal } from '../access.ts'
import type { Clock } from '../ports.ts'
import { readGrants } from './grants.ts'
import { type Keys, KeysAway } from './keys.ts'

export interface TokenRules {
  readonly keys: Keys
  /** Claims that must be there with just this value; null: not asked for. */
  readonly issuer: string | null
  readonly audience: string | null
  readonly clock: Clock
}

/** Clocks differ by as much. */
const LEEWAY_S = 30

/** Verifies a token. @returns its caller, or why it is refused; never a word of the token itself */
export const verifyToken = async (token: string, rules: TokenRules): Promise<Caller | Refusal> => {
  const { keys, issuer, audience, clock } = rules
  try {
    const claims = await keys.verify(token, {
      ...(issuer === null ? {} : { issuer }),
      ...(audience === null ? {} : { audience }),
      requiredClaims: ['sub', 'exp'],
      clockTolerance: LEEWAY_S,
      currentDate: new Date(clock.now()),
    })
    return callerOf(claims, clock.now())
  } catch (error) {
    if (error instanceof KeysAway) return { again: error.message }
    return { refused: reasonOf(error) }
  }
}

/** @throws Error naming the claim that is not as it must be */
const callerOf = (claims: Readonly<Record<string, unknown>>, now: number): Caller => {
  const { sub, name, admin, exp, iat = 0 } = claims
  if (typeof exp !== 'number' || !Number.isSafeInteger(Math.ceil(exp))) throw new Error('exp is not a time')
  if (typeof iat !== 'number' || iat * 1000 > now + LEEWAY_S * 1000) throw new Error('iat is not a time that has been')
  if (admin !== undefined && typeof admin !== 'boolean') throw new Error('admin is not a boolean')
  return {
    user: line('sub', sub),
    name: shownName(name),
    isProven: true,
    isAdmin: admin === true,
    expiresAt: (exp + LEEWAY_S) * 1000,
    saidAt: iat * 1000,
    granted: readGrants(claims.stories, claims.pages),
    opaque: null,
  }
}

/** The name that others see; null: there is none. Many applications say '' of whoever gave none. @throws as `line` */
export const shownName = (given: unknown): string | null =>
  given === undefined || given === null || given === '' ? null : line('name', given)

const reasonOf = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the token is refused: its ${error.claim} is not as it must be`
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the token is refused: its signature does not fit'
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is refused: its key is not known'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is refused: its algorithm is not allowed'
  if (error instanceof errors.JOSEError || error instanceof TypeError) return 'the token is refused: it is no valid JWT'
  return `the token is refused: ${error instanceof Error ? error.message : 'it cannot be read'}`
}
