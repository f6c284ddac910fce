/** A member of a room, and what the room keeps of it: its numbered messages, and what waits for their commit. */
import {
  type CloseCode,
  type MemberState,
  type RefusalCode,
  refusedMessage,
  savedMessage,
} from '../../shared/protocol.ts'
import type { StateVector } from './state-vector.ts'
import type { Reply } from './sync.ts'

/** Who somebody is, as a token says. */
export interface Identity {
  readonly id: string
  readonly name: string
}

/** What somebody may do here now, as they are told. */
export type Standing = Omit<MemberState, 'pageBytes'>

export interface Barrier {
  readonly code: 'read-only' | 'frozen'
  readonly reason: string
}

/** A connected client as a room sees it. The socket implements it. */
export interface Member {
  readonly user: string | null
  /** Who the others see, where somebody vouches for it; null: whoever it says it is. */
  readonly identity: Identity | null
  /** Why what it writes is not taken now; null: it is. */
  readonly barrier: Barrier | null
  readonly state: Standing
  /** Whether its presence is shown to the others. */
  readonly isShown: boolean
  /** Whether it speaks `scriptorium.v1`: it numbers its messages and hears of each. */
  readonly acknowledged: boolean
  /** Whether so much is buffered for it that it gets no more updates until it drains. */
  readonly isFull: boolean
  /** Sends a message, which must not change any more. */
  send(message: Reply, kind: 'sync' | 'presence' | 'control'): void
  /** Sends messages that belong together, in one write. */
  sendAll(messages: readonly Reply[]): void
  close(code: CloseCode, text: string, retryAfterMs?: number): void
}

/** A gap is asked about at most this often. */
const ASK_EVERY_MS = 1000
/** Step 1s that wait for a commit; past it the newest replaces the last. */
const MAX_DEFERRED = 64

/** Stands in until something waits: most members of an idle service wait for nothing. */
const NONE: never[] = []

export class Membership {
  readonly member: Member
  /** Set after an invalid message: what follows under the same clientID cannot join on, and asking again brings the same. */
  poisoned = false
  #sent = 0
  #awaiting: { n: number; readonly mark: number }[] = NONE
  #deferred: { known: StateVector; readonly mark: number }[] = NONE
  #lag: StateVector | null = null
  #askedAt: number | null = null
  #asking = false
  #fruitless = false

  constructor(member: Member) {
    this.member = member
  }

  /** The number of the sync message that has just arrived: from 1. */
  number(): number {
    return ++this.#sent
  }

  /** Message `n` is settled once the room has committed `mark`. */
  await(n: number, mark: number): void {
    const last = this.#awaiting.at(-1)
    if (last !== undefined && last.mark === mark) last.n = n
    else if (last === undefined) this.#awaiting = [{ n, mark }]
    else this.#awaiting.push({ n, mark })
  }

  /** Acknowledges what is committed. @returns the state vectors of the step 1s that may be answered now */
  settleThrough(mark: number): readonly StateVector[] {
    if (this.#awaiting.length === 0) return NONE
    let settled = 0
    let n = 0
    for (const waiting of this.#awaiting) {
      if (waiting.mark > mark) break
      n = waiting.n
      settled++
    }
    if (settled > 0) {
      if (settled === this.#awaiting.length) this.#awaiting = NONE
      else this.#awaiting.splice(0, settled)
      if (this.member.acknowledged) this.member.send(savedMessage(n), 'control')
    }
    if (this.#deferred.length === 0) return NONE
    let due = 0
    while (due < this.#deferred.length && (this.#deferred[due]?.mark ?? 0) <= mark) due++
    return this.#deferred.splice(0, due).map((step1) => step1.known)
  }

  /** @returns whether the step 1 must wait for what this member sent before */
  deferStep1(known: StateVector, committed: number): boolean {
    const mark = this.#awaiting.at(-1)?.mark ?? 0
    if (mark <= committed) return false
    const last = this.#deferred.at(-1)
    if (this.#deferred.length >= MAX_DEFERRED && last !== undefined) this.#deferred.pop()
    if (this.#deferred.length === 0) this.#deferred = [{ known, mark }]
    else this.#deferred.push({ known, mark })
    return true
  }

  refuse(n: number, code: RefusalCode, reason: string): void {
    if (this.member.acknowledged) this.member.send(refusedMessage(n, code, reason), 'control')
  }

  /** Whether a gap may be answered by a step 1 now: not again if the last one brought nothing. */
  mayAsk(now: number): boolean {
    if (this.#fruitless || (this.#askedAt !== null && now - this.#askedAt < ASK_EVERY_MS)) return false
    this.#askedAt = now
    this.#asking = true
    return true
  }

  addedNothing(): void {
    if (this.#asking) this.#fruitless = true
    this.#asking = false
  }

  addedSomething(): void {
    this.#fruitless = false
    this.#asking = false
  }

  get isLagging(): boolean {
    return this.#lag !== null
  }

  /** @param received what the member has been sent so far */
  beginLag(received: StateVector): void {
    this.#lag = received
  }

  /** @returns what it had when it fell behind, or undefined if it did not */
  endLag(): StateVector | undefined {
    const lag = this.#lag ?? undefined
    this.#lag = null
    return lag
  }
}
