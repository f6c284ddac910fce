/** What a joiner is told: replies to a sync step 1, from the snapshot and tail as they lie in memory. */
import * as Y from 'yjs'
import { Sync, syncMessage } from '../../shared/protocol.ts'
import type { Snapshot } from '../log/port.ts'
import type { StateVector } from './state-vector.ts'
import { covers, stateVectorBytes } from './state-vector.ts'
import type { Tail } from './tail.ts'

/** A snapshot as a room holds it: framed once for all who join, and what a returning client lacks of its deletes. */
export class HeldSnapshot {
  readonly seq: number
  readonly data: Uint8Array
  readonly stateVector: StateVector
  readonly #deletesAt: number
  #framed: Uint8Array | null = null
  #deletesFramed: Uint8Array | null = null

  constructor(snapshot: Snapshot, stateVector: StateVector) {
    this.seq = snapshot.seq
    this.data = snapshot.data
    this.stateVector = stateVector
    this.#deletesAt = snapshot.deletesAt
  }

  /** The encoded delete set of the snapshot. */
  get deletes(): Uint8Array {
    return this.data.subarray(this.#deletesAt)
  }

  /** The whole snapshot as an update message. Never cut: it is a state that once existed. */
  framed(): Uint8Array {
    this.#framed ??= syncMessage(Sync.update, this.data)
    return this.#framed
  }

  /** Its deletes alone as an update message: a state vector does not tell which deletes a client knows. */
  deletesFramed(): Uint8Array {
    if (this.#deletesFramed === null) {
      const update = new Uint8Array(1 + this.data.length - this.#deletesAt)
      update.set(this.deletes, 1)
      this.#deletesFramed = syncMessage(Sync.update, update)
    }
    return this.#deletesFramed
  }

  get hasDeletes(): boolean {
    return this.data[this.#deletesAt] !== 0
  }
}

/**
 * The messages that bring a client from `known` to the room's state; the last of them has the kind `last`.
 * A stock client emits `synced` at a step 2, so the step 2 comes last, when all content is in place.
 */
export const bringUpToDate = (
  known: StateVector,
  snapshot: HeldSnapshot | null,
  tail: Pick<Tail, 'merged' | 'diff'>,
  last: typeof Sync.step2 | typeof Sync.update,
): Uint8Array[] => {
  if (known.size === 0) {
    const end = syncMessage(last, tail.merged())
    return snapshot === null ? [end] : [snapshot.framed(), end]
  }
  const end = syncMessage(last, tail.diff(known))
  if (snapshot === null) return [end]
  if (covers(known, snapshot.stateVector)) return snapshot.hasDeletes ? [snapshot.deletesFramed(), end] : [end]
  return [syncMessage(Sync.update, Y.diffUpdate(snapshot.data, stateVectorBytes(known))), end]
}
