/** Writing a Yjs V1 update from structs whose bytes are at hand. */

import { putVarUint, varUintSize } from '../../shared/varuint.ts'
import type { IdSet } from './id-set.ts'

/** Consecutive structs of one client, as the bytes of them. */
export interface Piece {
  readonly client: number
  /** Clock of the first. */
  readonly clock: number
  readonly count: number
  readonly bytes: Uint8Array
}

const NO_DELETES = new Uint8Array([0])

/**
 * A Yjs V1 update, clients in descending order as Yjs writes them.
 * @param pieces one a client at most; put in order here
 * @param deletes what it deletes, encoded or not; null: nothing
 */
export const writeUpdate = (pieces: Piece[], deletes: IdSet | Uint8Array | null): Uint8Array => {
  if (pieces.length > 1) pieces.sort((a, b) => b.client - a.client)
  const deleteSet = deletes === null ? NO_DELETES : deletes instanceof Uint8Array ? deletes : deletes.encode()
  let size = varUintSize(pieces.length) + deleteSet.length
  for (const { client, clock, count, bytes } of pieces) {
    size += varUintSize(count) + varUintSize(client) + varUintSize(clock) + bytes.length
  }
  const update = new Uint8Array(size)
  let at = putVarUint(update, 0, pieces.length)
  for (const { client, clock, count, bytes } of pieces) {
    at = putVarUint(update, at, count)
    at = putVarUint(update, at, client)
    at = putVarUint(update, at, clock)
    update.set(bytes, at)
    at += bytes.length
  }
  update.set(deleteSet, at)
  return update
}
