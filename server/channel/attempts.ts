/** Connecting, again and again until it works: soon at first, then ever later, never all at the same instant. */
import type { Clock, Random } from '../ports.ts'

const FIRST_MS = 50
const LONGEST_MS = 5000

export interface AttemptsParts {
  readonly clock: Clock
  readonly random: Random
  /** Told that an attempt failed; another one follows. */
  down(reason: string): void
}

export class Attempts {
  readonly #parts: AttemptsParts
  readonly #attempt: () => Promise<void>
  #state: 'new' | 'open' | 'closed' = 'new'
  #next = FIRST_MS
  #cancel: () => void = () => undefined
  #running: Promise<void> = Promise.resolve()

  /** @param attempt connects; looks at `isOpen` once it has, because it may have been closed meanwhile */
  constructor(parts: AttemptsParts, attempt: () => Promise<void>) {
    this.#parts = parts
    this.#attempt = attempt
  }

  /** Whether a connection is wanted. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Makes the first attempt. Idempotent. */
  open(): void {
    if (this.#state !== 'new') return
    this.#state = 'open'
    this.now()
  }

  /** Makes an attempt at once. */
  now(): void {
    this.#running = this.#attempt().catch((error: unknown) => {
      if (!this.isOpen) return
      this.#parts.down(String(error))
      this.later()
    })
  }

  /** Makes an attempt when it is due. */
  later(): void {
    this.#cancel()
    this.#cancel = this.#parts.clock.after(this.nextMs(), () => this.now())
  }

  /** Milliseconds until the next attempt; each call makes the following one later. */
  nextMs(): number {
    const wait = this.#next * (0.5 + this.#parts.random.fraction() / 2)
    this.#next = Math.min(this.#next * 2, LONGEST_MS)
    return wait
  }

  /** It worked: the next attempt is a first one again. */
  reset(): void {
    this.#next = FIRST_MS
  }

  /** Makes no more, and resolves when the one that is under way has ended. */
  close(): Promise<void> {
    this.#state = 'closed'
    this.#cancel()
    return this.#running
  }
}
