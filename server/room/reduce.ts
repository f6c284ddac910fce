/** Writing an update anew with a part of its structs, whose bytes are copied as they are. */
import type { IdSet } from './id-set.ts'
import type { Reached } from './reach.ts'
import { Field, type ScannedUpdate, STRIDE } from './scan.ts'
import { putVarUint, varUintSize } from './varuint.ts'

const NO_DELETES = new Uint8Array([0])

/**
 * A Yjs V1 update of the structs that were reached and of `deletes`, clients in descending order as Yjs writes them.
 * @param reached runs of which something is taken
 */
export const writeReduced = (
  bytes: Uint8Array,
  { structs }: ScannedUpdate,
  reached: readonly Reached[],
  deletes: IdSet | null,
): Uint8Array => {
  const parts = reached
    .map(({ run, first, next }) => ({
      client: run.client,
      count: next - first,
      clock: structs[first * STRIDE + Field.clock] as number,
      from: structs[first * STRIDE + Field.start] as number,
      end: next === run.last ? run.end : (structs[next * STRIDE + Field.start] as number),
    }))
    .sort((a, b) => b.client - a.client)
  const deleteSet = deletes?.encode() ?? NO_DELETES
  let size = varUintSize(parts.length) + deleteSet.length
  for (const { client, count, clock, from, end } of parts) {
    size += varUintSize(count) + varUintSize(client) + varUintSize(clock) + end - from
  }
  const reduced = new Uint8Array(size)
  let at = putVarUint(reduced, 0, parts.length)
  for (const { client, count, clock, from, end } of parts) {
    at = putVarUint(reduced, at, count)
    at = putVarUint(reduced, at, client)
    at = putVarUint(reduced, at, clock)
    reduced.set(bytes.subarray(from, end), at)
    at += end - from
  }
  reduced.set(deleteSet, at)
  return reduced
}
