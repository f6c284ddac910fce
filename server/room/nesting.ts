/** How deep the shared types of one update lie within one another. */

import { Ref } from './scan-content.ts'
import { Field, type Run, STRIDE } from './structs.ts'

/** Index of the struct of a run that holds `clock`, or -1. */
export const structAt = (structs: readonly number[], run: Run, clock: number): number => {
  let low = run.first
  let high = run.last - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((structs[middle * STRIDE + Field.endClock] as number) <= clock) low = middle + 1
    else high = middle
  }
  const at = low * STRIDE
  const holds = (structs[at + Field.clock] as number) <= clock && clock < (structs[at + Field.endClock] as number)
  return holds ? low : -1
}

/**
 * Whether a type lies within more than `maxNesting` others of the same update: what recurses over types would overflow.
 * Follows each out to its root, or to what the update does not hold.
 */
export const isNestedBeyond = (structs: readonly number[], runs: readonly Run[], maxNesting: number): boolean => {
  const byClient = new Map(runs.map((run) => [run.client, run]))
  const depths = new Int32Array(runs.at(-1)?.last ?? 0).fill(-1)
  /** The struct whose place decides on that of `struct`: its parent, or a neighbour within the same parent. */
  const towardsRoot = (struct: number): number => {
    const at = struct * STRIDE
    const hasBefore = (structs[at + Field.beforeClient] as number) >= 0
    const client = structs[at + (hasBefore ? Field.beforeClient : Field.afterClient)] as number
    const run = byClient.get(client)
    return run === undefined
      ? -1
      : structAt(structs, run, structs[at + (hasBefore ? Field.beforeClock : Field.afterClock)] as number)
  }
  const path: number[] = []
  for (let struct = 0; struct < depths.length; struct++) {
    if (structs[struct * STRIDE + Field.ref] !== Ref.type) continue
    let next = struct
    while (next !== -1 && depths[next] === -1) {
      depths[next] = 0
      path.push(next)
      next = towardsRoot(next)
    }
    let depth = next === -1 ? 0 : (depths[next] as number)
    for (let on = path.pop(); on !== undefined; on = path.pop()) {
      depth += structs[on * STRIDE + Field.isInside] as number
      if (depth > maxNesting) return true
      depths[on] = depth
    }
  }
  return false
}
