/** What a joiner is told: replies to a sync step 1, from the snapshot and tail as they lie in memory. */
import * as Y from 'yjs'
import { type HeadAndBody, partHead, Sync, syncHead, syncMessage } from '../../shared/protocol.ts'
import type { Snapshot } from '../log/port.ts'
import { idsAtKeys } from './admit.ts'
import { IdSet } from './id-set.ts'
import { covers, type StateVector, stateVectorBytes } from './state-vector.ts'
import type { Tail } from './tail.ts'

/** A message to one member; what is large in it is the room's own bytes. */
export type Reply = Uint8Array | HeadAndBody

/** A first sync of more than twice this travels in parts. */
const PART_BYTES = 64 * 1024
/** A snapshot larger than this is compared with what a client has off the event loop. */
const COMPARED_HERE_BYTES = 64 * 1024
/** What an update of deletes alone begins with. */
const NO_STRUCTS = 0

/** Gives what of an update a client lacks, without holding the event loop. @throws Error when it cannot now */
export type Diff = (update: Uint8Array, stateVector: Uint8Array) => Promise<Uint8Array>

/** A snapshot as a room holds it. */
export class HeldSnapshot {
  readonly seq: number
  readonly data: Uint8Array
  readonly stateVector: StateVector
  readonly #deletesAt: number
  readonly #atKeys: Uint8Array | null

  constructor(snapshot: Snapshot, stateVector: StateVector) {
    this.seq = snapshot.seq
    this.data = snapshot.data
    this.stateVector = stateVector
    this.#deletesAt = snapshot.deletesAt
    this.#atKeys = snapshot.atKeys
  }

  /** The encoded delete set of the snapshot. */
  get deletes(): Uint8Array {
    return this.data.subarray(this.#deletesAt)
  }

  /** The ids at a key of a map; read from the snapshot itself where the fold did not gather them. */
  idsAtKeys(): IdSet {
    return this.#atKeys === null ? idsAtKeys([this.data], new IdSet()) : IdSet.decode(this.#atKeys)
  }

  get hasDeletes(): boolean {
    return this.data[this.#deletesAt] !== 0
  }

  /** The whole snapshot. Never cut into updates: it is a state that once existed. @param inParts whether message 8 is known */
  whole(inParts: boolean): Reply[] {
    const total = this.data.length
    if (!inParts || total <= 2 * PART_BYTES) return [[syncHead(Sync.update, total), this.data]]
    const parts: Reply[] = []
    for (let at = 0; at < total; at += PART_BYTES) {
      const bytes = this.data.subarray(at, at + PART_BYTES)
      parts.push([partHead(total, bytes.length), bytes])
    }
    return parts
  }

  /** Its deletes alone: a state vector does not tell which deletes a client knows. */
  deletesOnly(): Reply {
    const { deletes } = this
    return [Uint8Array.of(...syncHead(Sync.update, 1 + deletes.length), NO_STRUCTS), deletes]
  }
}

export interface Known {
  readonly stateVector: StateVector
  /** Whether the client knows message 8. */
  readonly inParts: boolean
}

/**
 * The messages that bring a client from what it has to the room's state; the last of them has the kind `last`.
 * A stock client emits `synced` at a step 2, so the step 2 comes last, when all content is in place.
 * @param tail all that the snapshot does not hold
 */
export const bringUpToDate = (
  { stateVector, inParts }: Known,
  snapshot: HeldSnapshot | null,
  tail: Pick<Tail, 'merged' | 'diff'>,
  last: typeof Sync.step2 | typeof Sync.update,
  diff: Diff,
): Reply[] | Promise<Reply[]> => {
  if (stateVector.size === 0) {
    const end = syncMessage(last, tail.merged())
    return snapshot === null ? [end] : [...snapshot.whole(inParts), end]
  }
  const end = syncMessage(last, tail.diff(stateVector))
  if (snapshot === null) return [end]
  if (covers(stateVector, snapshot.stateVector)) return snapshot.hasDeletes ? [snapshot.deletesOnly(), end] : [end]
  const { data } = snapshot
  const vector = stateVectorBytes(stateVector)
  if (data.length <= COMPARED_HERE_BYTES) return [syncMessage(Sync.update, Y.diffUpdate(data, vector)), end]
  // Meanwhile the member is sent what is new; this holds all that was there before.
  return diff(data, vector).then((lacking) => [syncMessage(Sync.update, lacking), end])
}
