/** What a room tells other processes that hold it too, and who they say is there. */
import type { Clock } from '../ports.ts'
import type { AwarenessEntry } from './awareness-update.ts'
import { BySender } from './by-sender.ts'
import type { Elsewhere } from './elsewhere.ts'
import type { Presence } from './presence.ts'

export interface CompanyParts {
  readonly elsewhere: Elsewhere
  readonly clock: Clock
}

/** The room that is in company. */
export interface Accompanied {
  readonly roomId: string
  readonly epoch: number
  /** Told that there is something to relay. */
  changed(): void
}

type RoomPresence = Pick<Presence<never>, 'receiveFrom' | 'unbindFrom' | 'remove' | 'takeSaid' | 'here' | 'hasChanged'>

/** Whoever was lost without a close may return within this time without having left. */
const ABSENCE_MS = 3000

export class Company {
  readonly #room: Accompanied
  readonly #presence: RoomPresence
  readonly #parts: CompanyParts
  #untold: BySender | null = null

  constructor(room: Accompanied, presence: RoomPresence, parts: CompanyParts) {
    this.#room = room
    this.#presence = presence
    this.#parts = parts
  }

  /** Where what members write gathers for other processes; null: it need not. */
  untold(): BySender | null {
    const { elsewhere } = this.#parts
    if (!elsewhere.carriesUpdates || !elsewhere.isShared(this.#room.roomId)) return null
    this.#untold ??= new BySender()
    return this.#untold
  }

  /** Tells the others what was written and who has changed since the last call. */
  tell(): void {
    const { elsewhere } = this.#parts
    const { roomId, epoch } = this.#room
    if (this.#untold?.isEmpty === false) elsewhere.wrote(roomId, epoch, this.#untold.take())
    const said = this.#presence.takeSaid()
    if (said.length > 0) elsewhere.present(roomId, said)
  }

  /** Takes who is there with another process. @throws Error when the update is malformed */
  takePresence(node: string, update: Uint8Array): void {
    this.#presence.receiveFrom(node, update)
    if (this.#presence.hasChanged) this.#room.changed()
  }

  /** Those who were there with another process have gone, unless they return. */
  dropPresence(node: string): void {
    this.removeLater(this.#presence.unbindFrom(node))
  }

  /** Those that members here speak for. */
  presentHere(): readonly AwarenessEntry[] {
    return this.#presence.here()
  }

  /** Removes who is gone, once they have not returned for a while. */
  removeLater(ids: readonly number[]): void {
    if (ids.length > 0) this.#parts.clock.after(ABSENCE_MS, () => this.remove(ids))
  }

  remove(ids: readonly number[]): void {
    this.#presence.remove(ids)
    this.#room.changed()
  }
}
