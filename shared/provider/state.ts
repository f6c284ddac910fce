/** What an app shows of a page: one object that never changes, replaced by the next. */
import type { MemberState, RefusalCode } from '../protocol.ts'
import { callApp } from './callbacks.ts'

/** Whether the service can be reached. `denied`: it does not let this page be opened so; nothing is tried until the app acts. */
export type Connection = 'offline' | 'connecting' | 'online' | 'denied'

export interface Saved {
  /** `saved`: committed. `sent`: on its way. `on this device`: nobody else has it yet. */
  readonly state: 'saved' | 'sent' | 'on this device'
  /** How much waits: characters and other pieces written, and pieces deleted. */
  readonly count: number
  /** For how long the oldest of it has waited. */
  readonly ageMs: number
}

/** Why something was not taken. What was written is still in the document. */
export interface Refused {
  /** `replaced`: what this copy holds was set aside by a restore. `denied`: not allowed here, or the token is not taken. */
  readonly code: Exclude<RefusalCode, 'gap'> | 'replaced' | 'denied'
  readonly reason: string
}

export interface Progress {
  readonly received: number
  readonly total: number
}

export interface PageState {
  readonly connection: Connection
  readonly saved: Saved
  /** Whether the document held all that the service had, since the socket in use was opened. */
  readonly synced: boolean
  /** What the caller may do here, as the service said last; null: it has not said yet. */
  readonly role: MemberState['role'] | null
  /** Whether only managers may write here now. */
  readonly frozen: boolean
  /** Why nothing can be written now; null: it can. */
  readonly readOnly: string | null
  /** Of a large first sync; null: there is none. */
  readonly progress: Progress | null
  /** Why what was written is not taken; null: nothing was refused. */
  readonly refused: Refused | null
  /** Why nothing can be kept on this device (its storage is full, or broken); null: it can, or was not asked for. */
  readonly storageFault: string | null
  /** Why the last attempt came to no socket (the app's token function failed, there is none to be had); null: it did. */
  readonly connectFault: string | null
}

export const INITIAL: PageState = {
  connection: 'offline',
  saved: { state: 'saved', count: 0, ageMs: 0 },
  synced: false,
  role: null,
  frozen: false,
  readOnly: null,
  progress: null,
  refused: null,
  storageFault: null,
  connectFault: null,
}

/** Holds a state, and tells whoever subscribed of each change. */
export class Observable<State extends object> {
  #state: State
  readonly #listeners = new Set<() => void>()

  constructor(initial: State) {
    this.#state = initial
  }

  get state(): State {
    return this.#state
  }

  /** @returns how to stop */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  change(changes: Partial<State>): void {
    const before = this.#state
    const keys = Object.keys(changes) as (keyof State)[]
    if (keys.every((key) => same(before[key], changes[key]))) return
    this.#state = { ...before, ...changes }
    for (const listener of [...this.#listeners]) callApp(listener)
  }
}

/** Equal, or objects of the same plain members. */
const same = (one: unknown, other: unknown): boolean => {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const members = Object.entries(one)
  const others = other as Readonly<Record<string, unknown>>
  return members.length === Object.keys(others).length && members.every(([key, value]) => others[key] === value)
}
