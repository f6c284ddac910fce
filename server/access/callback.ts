/**
 * The application's own backend says what a caller may do. Requests are signed, answers are kept for some seconds, who asks
 * the same meanwhile shares one request; no answer means "try again", never "allowed".
 */
import { createHmac } from 'node:crypto'
import { line, ROLES, type Role } from '../access.ts'
import type { Clock, Counters, Logger } from '../ports.ts'
import { shownName } from './tokens.ts'

export interface Question {
  /** The user where a token proves it; null: `token` must tell. */
  readonly user: string | null
  /** The token as the caller brought it, where the backend alone can read it. */
  readonly token: string | null
  /** Both null: who is this? */
  readonly story: string | null
  readonly page: string | null
}

export interface Answer {
  readonly user: string | null
  readonly name: string | null
  readonly role: Role
  readonly isAdmin: boolean
  /** Milliseconds since 1970; null: until it is changed. */
  readonly expiresAt: number | null
  /** When it was asked. */
  readonly at: number
}

export type Reply = Answer | { readonly refused: string } | { readonly again: string }

export interface CallbackParts {
  readonly url: string
  readonly secret: string
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
}

interface Kept {
  readonly reply: Reply
  readonly askedAt: number
}

const KEPT_MS = 5000
const MAX_KEPT = 10_000
const ANSWER_MS = 3000
/** Requests at once, and questions that wait for their turn; more have to come again. */
const AT_ONCE = 50
const MAX_ASKING = 10_000
const AGAIN = { again: 'the backend that knows who may do what does not answer' } as const

export class Callback {
  readonly #parts: CallbackParts
  readonly #kept = new Map<string, Kept>()
  readonly #asking = new Map<string, Promise<Reply>>()
  readonly #turns: (() => void)[] = []
  #requests = 0

  constructor(parts: CallbackParts) {
    this.#parts = parts
  }

  /** Answers of before count no more: somebody's rights have changed. */
  forgetAll(): void {
    this.#kept.clear()
    this.#asking.clear()
  }

  async ask(question: Question): Promise<Reply> {
    const key = JSON.stringify([question.user, question.token, question.story, question.page])
    const now = this.#parts.clock.now()
    const kept = this.#kept.get(key)
    if (kept !== undefined && now - kept.askedAt < KEPT_MS) return kept.reply
    const shared = this.#asking.get(key)
    if (shared !== undefined) return shared
    if (this.#asking.size >= MAX_ASKING) return AGAIN
    const asking = this.#inTurn(() => this.#request(question, this.#parts.clock.now()))
    this.#asking.set(key, asking)
    const reply = await asking
    if (this.#asking.get(key) === asking) {
      this.#asking.delete(key)
      if (!('again' in reply)) this.#keep(key, { reply, askedAt: now })
    }
    return reply
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key)
    if (this.#kept.size >= MAX_KEPT) {
      const oldest = this.#kept.keys().next()
      if (!oldest.done) this.#kept.delete(oldest.value)
    }
    this.#kept.set(key, kept)
  }

  /** When a request ends its place goes to whoever has waited longest. */
  async #inTurn<T>(request: () => Promise<T>): Promise<T> {
    if (this.#requests >= AT_ONCE) await new Promise<void>((resolve) => this.#turns.push(resolve))
    else this.#requests++
    try {
      return await request()
    } finally {
      const next = this.#turns.shift()
      if (next === undefined) this.#requests--
      else next()
    }
  }

  async #request(question: Question, now: number): Promise<Reply> {
    const { url, secret, logger, counters } = this.#parts
    const body = JSON.stringify(question)
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...signed(body, secret, now) },
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_MS),
      })
      if (response.status === 401) return { refused: 'the token is refused' }
      if (response.status === 403 || response.status === 404) return nobody(question, now)
      if (!response.ok) throw new Error(`it answered ${response.status}`)
      return readAnswer(question, await response.json(), now)
    } catch (error) {
      counters.count('callback_failures')
      logger.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'AUTH_CALLBACK_URL gave no answer',
      )
      return AGAIN
    }
  }
}

/** Headers by which the backend knows that the request is ours and fresh. */
const signed = (body: string, secret: string, now: number): Record<string, string> => {
  const timestamp = String(Math.floor(now / 1000))
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return { 'scriptorium-timestamp': timestamp, 'scriptorium-signature': `v1=${signature}` }
}

const nobody = ({ user }: Question, at: number): Answer => ({
  user,
  name: null,
  role: 'none',
  isAdmin: false,
  expiresAt: null,
  at,
})

/** @throws Error when it is not understood: an answer that is half understood allows nothing */
const readAnswer = (question: Question, given: unknown, at: number): Answer => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error('its answer is no object')
  const { user, name, role = 'none', admin = false, expires } = given as Record<string, unknown>
  const known = ROLES.find((each) => each === role)
  if (known === undefined) throw new Error('its answer names a role that there is not')
  if (typeof admin !== 'boolean') throw new Error('its answer has an admin that is not a boolean')
  if (expires !== undefined && (typeof expires !== 'number' || !Number.isFinite(expires))) {
    throw new Error('its answer has an expires that is not a number')
  }
  return {
    user: question.user ?? (user === undefined || user === null ? null : line('user', user)),
    name: shownName(name),
    role: known,
    isAdmin: admin,
    expiresAt: typeof expires === 'number' ? expires * 1000 : null,
    at,
  }
}
