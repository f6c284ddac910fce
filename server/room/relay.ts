/** What leaves a room for its readers: what arrived in one turn of the event loop is merged once and framed once. */
import { awarenessMessage, Sync, syncMessage } from '../../shared/protocol.ts'
import type { Counters } from '../ports.ts'
import type { Membership } from './member.ts'
import { type Fresh, Runs } from './runs.ts'
import type { StateVector } from './state-vector.ts'

export class Relay {
  readonly #counters: Counters
  #updates = new Runs()
  /** The only one who wrote since the last flush; null: several did, or rows of the log. */
  #author: Membership | null = null
  #before: StateVector = new Map()

  constructor(counters: Counters) {
    this.#counters = counters
  }

  /** The clocks that this turn's updates advanced, as they were before it. */
  get before(): StateVector {
    return this.#before
  }

  /** @param from the member who wrote it; null: read from the log */
  push(fresh: Fresh, from: Membership | null): void {
    this.#author = this.#updates.isEmpty || this.#author === from ? from : null
    this.#updates.add(fresh)
  }

  /** Forgets the clocks that loading advanced: nobody was there to be told. */
  begin(): void {
    this.#before = new Map()
  }

  /**
   * Sends what the turn brought. A lone author needs no echo; in a merged batch everybody gets everything.
   * @param received what a member that is passed over from now on has been sent so far
   */
  flush(members: Iterable<Membership>, received: (before: StateVector) => StateVector): void {
    const updates = this.#updates
    const before = this.#before
    if (updates.isEmpty) return
    const author = this.#author
    this.#updates = new Runs()
    this.#before = new Map()
    const frame = syncMessage(Sync.update, updates.encode())
    for (const membership of members) {
      if (membership === author || membership.isLagging) continue
      if (membership.member.isFull) {
        this.#counters.count('readers_lagging')
        membership.beginLag(received(before))
        continue
      }
      this.#counters.count('relays_sent')
      membership.member.send(frame, 'sync')
    }
  }

  /** Sends an awareness update to all, its author too: a lone stock client lives on its own heartbeat. */
  flushPresence(members: Iterable<Membership>, present: Uint8Array | null): void {
    if (present === null) return
    const frame = awarenessMessage(present)
    for (const { member } of members) member.send(frame, 'presence')
  }
}
