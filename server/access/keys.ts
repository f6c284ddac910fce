/**
 * The keys that verify tokens: a secret, or a set with rotation. A set is fetched again once it is old, or when a token
 * names a key that is not in it, and kept while it cannot be: an outage of whoever publishes it closes nobody's door.
 */
import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWTClaimVerificationOptions,
  type JWTHeaderParameters,
  type JWTPayload,
  jwtVerify,
  type LocalJWKSet,
} from 'jose'
import type { Clock, Logger } from '../ports.ts'

export type Key = Awaited<ReturnType<LocalJWKSet>>

export interface Keys {
  /**
   * @returns what a token claims, once its signature is known to be right, and its claims to be as asked
   * @throws KeysAway, or an error of jose naming what is wrong
   */
  verify(token: string, asked: JWTClaimVerificationOptions): JWTPayload | Promise<JWTPayload>
}

/** The key set cannot be had now. */
export class KeysAway extends Error {
  override name = 'KeysAway'
}

export interface KeySetParts {
  /** Reads the set as it is now. @throws Error when it cannot be had */
  readonly read: () => Promise<unknown>
  readonly clock: Clock
  readonly logger: Logger
}

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519']
/** A set older than this is read again beside its use. */
const FRESH_MS = 600_000
/** Reads are at least this far apart, whatever keys tokens name. */
const BETWEEN_MS = 5000

export class KeySet implements Keys {
  readonly #parts: KeySetParts
  #set: LocalJWKSet | null = null
  #readAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null

  constructor(parts: KeySetParts) {
    this.#parts = parts
  }

  async verify(token: string, asked: JWTClaimVerificationOptions): Promise<JWTPayload> {
    const find = (header: JWTHeaderParameters, input: FlattenedJWSInput) => this.find(header, input)
    return (await jwtVerify(token, find, { ...asked, algorithms: ALGORITHMS })).payload
  }

  /** The key that a token names. @throws KeysAway, or an error of jose when none fits */
  async find(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<Key> {
    const now = this.#parts.clock.now()
    if (this.#set === null) await this.refresh()
    else if (now - this.#readAt > FRESH_MS) this.#tryToRefresh()
    if (this.#set === null) throw new KeysAway('the key set cannot be read now')
    try {
      return await this.#set(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await this.refresh()
      return this.#set(header, token)
    }
  }

  /** Reads the set, unless that was tried just now; at most one read at a time. It never fails: what was known stays. */
  refresh(): Promise<void> {
    if (this.#reading !== null) return this.#reading
    const now = this.#parts.clock.now()
    if (now - this.#triedAt < BETWEEN_MS) return Promise.resolve()
    this.#triedAt = now
    this.#reading = this.#read()
      .catch((error: unknown) => this.#parts.logger.warn({ reason: String(error) }, 'the key set cannot be read'))
      .finally(() => {
        this.#reading = null
      })
    return this.#reading
  }

  #tryToRefresh(): void {
    void this.refresh()
  }

  async #read(): Promise<void> {
    this.#set = createLocalJWKSet(publicKeys(await this.#parts.read()))
    this.#readAt = this.#parts.clock.now()
  }
}

/** @throws Error where it is no set of public keys */
const publicKeys = (given: unknown): Parameters<typeof createLocalJWKSet>[0] => {
  const keys = (given as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) throw new Error('it is not a JSON Web Key Set')
  for (const key of keys) {
    if (typeof key !== 'object' || key === null) throw new Error('a key is not an object')
    if ('d' in key || 'k' in key) throw new Error('it holds a private or secret key')
  }
  return { keys }
}
