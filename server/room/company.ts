/** What a room tells other processes that hold it too, and who they say is there. */
import type { Clock } from '../ports.ts'
import type { AwarenessEntry } from './awareness-update.ts'
import { BySender } from './by-sender.ts'
import type { Elsewhere } from './elsewhere.ts'
import type { Presence } from './presence.ts'

export interface CompanyParts {
  readonly roomId: string
  readonly epoch: number
  readonly elsewhere: Elsewhere
  readonly clock: Clock
  readonly presence: Pick<Presence<never>, 'receiveFrom' | 'unbindFrom' | 'remove' | 'takeSaid' | 'here' | 'hasChanged'>
  /** Told that there is something to relay. */
  changed(): void
}

/** Whoever was lost without a close may return within this time without having left. */
const ABSENCE_MS = 3000

export class Company {
  readonly #parts: CompanyParts
  #untold: BySender | null = null

  constructor(parts: CompanyParts) {
    this.#parts = parts
  }

  /** Where what members write gathers for other processes; null: it need not. */
  untold(): BySender | null {
    const { elsewhere, roomId } = this.#parts
    if (!elsewhere.carriesUpdates || !elsewhere.isShared(roomId)) return null
    this.#untold ??= new BySender()
    return this.#untold
  }

  /** Tells the others what was written and who has changed since the last call. */
  tell(): void {
    const { elsewhere, presence, roomId, epoch } = this.#parts
    if (this.#untold?.isEmpty === false) elsewhere.wrote(roomId, epoch, this.#untold.take())
    const said = presence.takeSaid()
    if (said.length > 0) elsewhere.present(roomId, said)
  }

  /** Takes who is there with another process. @throws Error when the update is malformed */
  takePresence(node: string, update: Uint8Array): void {
    this.#parts.presence.receiveFrom(node, update)
    if (this.#parts.presence.hasChanged) this.#parts.changed()
  }

  /** Those who were there with another process have gone, unless they return. */
  dropPresence(node: string): void {
    this.removeLater(this.#parts.presence.unbindFrom(node))
  }

  /** Those that members here speak for. */
  presentHere(): readonly AwarenessEntry[] {
    return this.#parts.presence.here()
  }

  /** Removes who is gone, once they have not returned for a while. */
  removeLater(ids: readonly number[]): void {
    if (ids.length > 0) this.#parts.clock.after(ABSENCE_MS, () => this.remove(ids))
  }

  remove(ids: readonly number[]): void {
    this.#parts.presence.remove(ids)
    this.#parts.changed()
  }
}
