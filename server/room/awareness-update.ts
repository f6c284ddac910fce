/** Writing an awareness update as y-protocols reads it. */
import { putVarUint, varUintSize } from './varuint.ts'

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
