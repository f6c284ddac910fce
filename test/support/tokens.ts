/** Tokens for tests, honest ones. */
import { type Minting, mintToken } from '../../server/access/mint.ts'

export const SECRET = 'a secret that is long enough for HS256'

export const seconds = (): number => Math.floor(Date.now() / 1000)

/** A token of `sub`, an hour long unless said otherwise. */
export const tokenOf = (sub: string, said: Partial<Minting> = {}): Promise<string> =>
  mintToken({
    secret: SECRET,
    issuer: null,
    audience: null,
    sub,
    name: null,
    isAdmin: false,
    stories: {},
    pages: {},
    now: seconds(),
    ttl: 3600,
    ...said,
  })

/** The settings under which these tokens are taken. */
export const TOKEN_ENV = { AUTH_JWT_SECRET: SECRET } as const
