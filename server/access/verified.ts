/** Tokens that were verified just now: whoever opens ten pages brings the same one ten times. */
import type { Caller, Refusal } from '../access.ts'
import { type TokenRules, verifyToken } from './tokens.ts'

interface Verified {
  readonly caller: Caller
  readonly at: number
}

/** Longer than this a key that is gone must not be good for. */
const KEPT_MS = 30_000
const MAX_KEPT = 5000

/**
 * Kept in two halves, of which the older is dropped whole: to look for the oldest of a map, whatever was taken from its
 * front is passed over each time.
 */
export class VerifiedTokens {
  readonly #rules: TokenRules
  #kept = new Map<string, Verified>()
  #older: ReadonlyMap<string, Verified> = new Map()
  #began: number

  constructor(rules: TokenRules) {
    this.#rules = rules
    this.#began = rules.clock.now()
  }

  /** Verifies a token. @returns its caller, or why it is refused */
  async verify(token: string): Promise<Caller | Refusal> {
    const now = this.#rules.clock.now()
    const kept = this.#kept.get(token) ?? this.#older.get(token)
    if (kept !== undefined && isGood(kept, now)) return kept.caller
    const answer = await verifyToken(token, this.#rules)
    if ('user' in answer) this.#keep(token, { caller: answer, at: now })
    return answer
  }

  #keep(token: string, verified: Verified): void {
    if (this.#kept.size >= MAX_KEPT / 2 || verified.at - this.#began >= KEPT_MS) {
      this.#older = this.#kept
      this.#kept = new Map()
      this.#began = verified.at
    }
    this.#kept.set(token, verified)
  }
}

const isGood = ({ caller, at }: Verified, now: number): boolean =>
  now - at < KEPT_MS && (caller.expiresAt === null || now < caller.expiresAt)
