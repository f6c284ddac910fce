/** Writing an update anew with a part of its structs, whose bytes are copied as they are. */
import type { IdSet } from './id-set.ts'
import type { Reached } from './reach.ts'
import { Field, STRIDE } from './structs.ts'
import { writeUpdate } from './write.ts'

/** The bytes of the structs that were taken of a run. */
export const bytesTaken = (source: Uint8Array, structs: readonly number[], { run, first, next }: Reached): Uint8Array =>
  source.subarray(
    structs[first * STRIDE + Field.start],
    next === run.last ? run.end : structs[next * STRIDE + Field.start],
  )

/**
 * A Yjs V1 update of the structs that were reached and of `deletes`.
 * @param reached runs of which something is taken
 */
export const writeReduced = (
  source: Uint8Array,
  structs: readonly number[],
  reached: readonly Reached[],
  deletes: IdSet | null,
): Uint8Array => {
  const pieces = reached.map((each) => ({
    client: each.run.client,
    clock: structs[each.first * STRIDE + Field.clock] as number,
    count: each.next - each.first,
    bytes: bytesTaken(source, structs, each),
  }))
  return writeUpdate(pieces, deletes)
}
