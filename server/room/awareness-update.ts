/** Awareness updates as y-protocols writes and reads them. */

import { putVarUint, varUintSize } from '../../shared/varuint.ts'
import { Reader } from './reader.ts'

export interface AwarenessEntry {
  readonly id: number
  readonly clock: number
  /** The client's state as JSON; null: it is gone. */
  readonly state: Uint8Array | null
}

const GONE = new TextEncoder().encode('null')

/** An awareness update of `entries`. */
export const awarenessUpdate = (entries: readonly AwarenessEntry[]): Uint8Array => {
  let size = varUintSize(entries.length)
  for (const { id, clock, state } of entries) {
    const length = (state ?? GONE).length
    size += varUintSize(id) + varUintSize(clock) + varUintSize(length) + length
  }
  const update = new Uint8Array(size)
  let at = putVarUint(update, 0, entries.length)
  for (const { id, clock, state } of entries) {
    const json = state ?? GONE
    at = putVarUint(update, at, id)
    at = putVarUint(update, at, clock)
    at = putVarUint(update, at, json.length)
    update.set(json, at)
    at += json.length
  }
  return update
}

/**
 * Reads the entries of those ids that `isWanted` names, and passes over all others unread: nearly all that arrives in a
 * room of many is an echo.
 * @throws Error when the update is truncated or has bytes left over, before any entry counts
 */
export const readAwareness = (
  update: Uint8Array,
  isWanted: (id: number) => boolean,
): { readonly id: number; readonly clock: number; readonly state: Uint8Array }[] => {
  const wanted: { id: number; clock: number; state: Uint8Array }[] = []
  const reader = new Reader(update)
  for (let count = reader.varUint(); count > 0; count--) {
    const id = reader.varUint()
    const clock = reader.varUint()
    const length = reader.varUint()
    const at = reader.at
    reader.skip(length)
    if (isWanted(id)) wanted.push({ id, clock, state: update.subarray(at, reader.at) })
  }
  if (reader.at !== update.length) throw new Error('bytes are left over after the awareness update')
  return wanted
}
