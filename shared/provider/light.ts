/** When it is looked at what is saved: at once when it changes, now and then while something waits. */
import type { Copy } from './copy.ts'
import type { Ports } from './ports.ts'
import type { Saved } from './state.ts'

/** While something waits, its age is told this often. */
const AGE_MS = 1000
/** More that is written while something waits is counted this often. */
const COUNT_MS = 100
/** What is committed is noted on the device this often at most. */
const NOTE_MS = 1000

/** Before it is read, what the device kept may be nowhere else. */
const UNKNOWN: Saved = { state: 'on this device', count: 0, ageMs: 0 }

export interface LightParts {
  readonly ports: Pick<Ports, 'now' | 'after'>
  readonly copy: () => Copy
  /** Whether what is not settled is on its way. */
  readonly isSending: () => boolean
  /** Whether anything was heard of the service: before, what is known is what was noted. */
  readonly hasHeard: () => boolean
  readonly show: (saved: Saved) => void
}

export class Light {
  readonly #parts: LightParts
  #isGreen = false
  #isOff = false
  #stopLook: (() => void) | null = null
  #lookDueAt = 0
  #stopNote: (() => void) | null = null

  constructor(parts: LightParts) {
    this.#parts = parts
  }

  /** Looks now. */
  look(): void {
    const { copy, isSending, show } = this.#parts
    const { waiting, isLoaded } = copy()
    const saved = isLoaded ? waiting.saved(isSending()) : UNKNOWN
    this.#isGreen = saved.state === 'saved'
    show(saved)
    this.#stopLook?.()
    this.#stopLook = null
    if (this.#isGreen) this.#noteLater()
    else this.#lookIn(AGE_MS)
  }

  /** Something was written: green goes out at once, how much waits may be counted later. */
  wrote(): void {
    if (this.#isGreen) this.look()
    else this.#lookIn(COUNT_MS)
  }

  /** Notes on the device what is known, without waiting. */
  note(): void {
    this.#stopNote?.()
    this.#stopNote = null
    if (this.#parts.hasHeard()) this.#parts.copy().note()
  }

  off(): void {
    this.#isOff = true
    this.#stopLook?.()
    this.#stopNote?.()
  }

  #lookIn(ms: number): void {
    const { now, after } = this.#parts.ports
    const dueAt = now() + ms
    // Whoever types on and on is counted all the same.
    if (this.#isOff || (this.#stopLook !== null && this.#lookDueAt <= dueAt)) return
    this.#stopLook?.()
    this.#lookDueAt = dueAt
    this.#stopLook = after(ms, () => {
      this.#stopLook = null
      this.look()
    })
  }

  #noteLater(): void {
    if (this.#isOff || this.#stopNote !== null || !this.#parts.copy().isKept) return
    this.#stopNote = this.#parts.ports.after(NOTE_MS, () => this.note())
  }
}
