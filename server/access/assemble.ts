/** Builds access as the settings say. */
import { readFile } from 'node:fs/promises'
import type { Access, Scope } from '../access.ts'
import type { AuthConfig, TokenSource } from '../config-auth.ts'
import type { Clock, Counters, Logger } from '../ports.ts'
import { TokenAccess } from './access.ts'
import { Callback } from './callback.ts'
import { KeySet, type Keys } from './keys.ts'
import { openAccess } from './open.ts'
import { secretKeys } from './secret.ts'
import { type Standing, subjectOf } from './standing.ts'
import type { Change } from './store.ts'
import { VerifiedTokens } from './verified.ts'

export interface AccessParts {
  readonly auth: AuthConfig
  readonly standing: Standing
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
}

export interface Assembled {
  readonly access: Access
  /** Forgets what was answered before rights changed. */
  readonly forget: () => void
}

const KEY_SET_MS = 5000

/** @throws Error when a key file cannot be read */
export const assembleAccess = async (parts: AccessParts): Promise<Assembled> => {
  const { auth, standing, clock, logger, counters } = parts
  if (auth.source === null && auth.callback === null) return { access: openAccess(standing), forget: () => undefined }
  const callback = auth.callback === null ? null : new Callback({ ...auth.callback, clock, logger, counters })
  const { issuer, audience } = auth
  const rules =
    auth.source === null ? null : { keys: await keysOf(auth.source, clock, logger), issuer, audience, clock }
  const tokens = rules === null ? null : new VerifiedTokens(rules)
  return { access: new TokenAccess({ tokens, callback, standing }), forget: () => callback?.forgetAll() }
}

const keysOf = async (source: TokenSource, clock: Clock, logger: Logger): Promise<Keys> => {
  switch (source.kind) {
    case 'secret':
      return secretKeys(source.secret)
    case 'jwks-url':
      return new KeySet({ read: () => fetchKeys(source.url), clock, logger })
    case 'jwks-file': {
      const read = async (): Promise<unknown> => JSON.parse(await readFile(source.path, 'utf8'))
      // A file that is missing at the start is a mistake; later it may be in the middle of its replacement.
      await read()
      return new KeySet({ read, clock, logger })
    }
    default:
      return source satisfies never
  }
}

const fetchKeys = async (url: string): Promise<unknown> => {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(KEY_SET_MS) })
  if (!response.ok) throw new Error(`AUTH_JWKS_URL answered ${response.status}`)
  return response.json()
}

/** Whether a change may alter what a user may do in a scope. */
export const concerns = (change: Change, user: string | null, { story, page }: Scope): boolean =>
  (change.story === '' || change.story === story) &&
  (change.page === '' || change.page === page) &&
  (change.kind === 'freeze' || (user !== null && change.subject === subjectOf(user)))
