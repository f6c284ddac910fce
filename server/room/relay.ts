/**
 * What leaves a room for its readers: what arrived in one turn of the event loop is merged once and framed once, and a
 * room that costs much is paced, so that load turns into larger batches and not into more writes.
 */
import { awarenessMessage, Sync, syncMessage } from '../../shared/protocol.ts'
import { Pace } from '../pace.ts'
import type { Clock, Counters, Timings } from '../ports.ts'
import { LazyMap } from './lazy-map.ts'
import type { Membership } from './member.ts'
import { EMPTY_UPDATE } from './merge.ts'
import type { Presence } from './presence.ts'
import { type Fresh, Runs } from './runs.ts'
import type { Before, StateVector } from './state-vector.ts'

export interface RelayParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly timings: Timings
}

/** The room that is relayed. */
export interface Relaying {
  memberships(): Iterable<Membership>
  /** What a member that is passed over from now on has been sent so far. */
  received(before: Before): StateVector
}

const UPDATES = { share: 0.2, dearMs: 1.5, longestMs: 50 }
/** Who is here may be told later than what they write. */
const PRESENCE = { share: 0.1, longestMs: 100 }

export class Relay {
  readonly #room: Relaying
  readonly #presence: Pick<Presence<never>, 'hasChanged' | 'takeChanged'>
  readonly #parts: RelayParts
  /** Made at first need, as the other: most rooms are idle. */
  #updatePace: Pace | null = null
  #presencePace: Pace | null = null
  #updates: Runs | null = null
  /** The only one who wrote since the last flush; null: several did, or rows of the log. */
  #author: Membership | null = null
  #before: LazyMap<number, number> | null = null
  /** When the first of what waits was pushed. */
  #since = 0
  #cancelUpdates: (() => void) | null = null
  #cancelPresence: (() => void) | null = null

  constructor(room: Relaying, presence: Pick<Presence<never>, 'hasChanged' | 'takeChanged'>, parts: RelayParts) {
    this.#room = room
    this.#presence = presence
    this.#parts = parts
  }

  /** The clocks that the updates since the last flush advanced, as they were before them. */
  get before(): Before {
    this.#before ??= new LazyMap()
    return this.#before
  }

  /** @param from the member who wrote it; null: read from the log */
  push(fresh: Fresh, from: Membership | null): void {
    this.#author = this.#updates === null || this.#author === from ? from : null
    if (this.#updates === null) this.#since = this.#parts.clock.elapsed()
    this.#updates ??= new Runs()
    this.#updates.add(fresh)
  }

  /** Sends what has gathered, now or when it is due. Called at the end of a turn. */
  flush(): void {
    if (this.#updates !== null && this.#cancelUpdates === null) {
      this.#updatePace ??= new Pace(this.#parts.clock, UPDATES)
      this.#cancelUpdates = this.#whenDue(this.#updatePace, () => {
        this.#cancelUpdates = null
        this.#sendUpdates()
      })
    }
    if (this.#presence.hasChanged && this.#cancelPresence === null) {
      this.#presencePace ??= new Pace(this.#parts.clock, PRESENCE)
      this.#cancelPresence = this.#whenDue(this.#presencePace, () => {
        this.#cancelPresence = null
        this.#sendPresence()
      })
    }
  }

  /** Sends nothing any more. */
  close(): void {
    this.#cancelUpdates?.()
    this.#cancelPresence?.()
  }

  /** @returns how to cancel it, or null when it was done at once */
  #whenDue(pace: Pace, send: () => void): (() => void) | null {
    const paced = () => {
      pace.begin()
      send()
      pace.end()
    }
    const wait = pace.waitMs
    if (wait > 0) return this.#parts.clock.after(wait, paced)
    paced()
    return null
  }

  /** A lone author needs no echo; in a merged batch everybody gets everything. */
  #sendUpdates(): void {
    const { counters, timings, clock } = this.#parts
    const author = this.#author
    const { before } = this
    const frame = syncMessage(Sync.update, this.#updates?.encode() ?? EMPTY_UPDATE)
    this.#updates = null
    this.#before = null
    let sent = 0
    for (const membership of this.#room.memberships()) {
      if (membership === author || membership.isLagging) continue
      if (membership.member.isFull) {
        counters.count('readers_lagging')
        membership.beginLag(this.#room.received(before))
        continue
      }
      sent++
      membership.member.send(frame, 'sync')
    }
    counters.count('relays_sent', sent)
    timings.took('relay', clock.elapsed() - this.#since)
  }

  /** To all, its author too: a lone stock client lives on its own heartbeat. */
  #sendPresence(): void {
    const present = this.#presence.takeChanged()
    if (present === null) return
    const frame = awarenessMessage(present)
    for (const { member } of this.#room.memberships()) member.send(frame, 'presence')
  }
}
