/** State vectors: for each client, the clock that comes next. Contiguous: nothing below it is missing. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

export type StateVector = Map<number, number>

/** Clocks as they were before they advanced. */
export interface Before extends Iterable<[client: number, clock: number]> {
  has(client: number): boolean
  set(client: number, clock: number): unknown
}

/** Encodes as Yjs does: clients in descending order. */
export const stateVectorBytes = (vector: ReadonlyMap<number, number>): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, vector.size)
    for (const [client, clock] of [...vector].sort((a, b) => b[0] - a[0])) {
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, clock)
    }
  })

/** @throws Error when it is truncated, names a client twice or has bytes left over */
export const decodeStateVector = (bytes: Uint8Array): StateVector => {
  const decoder = decoding.createDecoder(bytes)
  const vector: StateVector = new Map()
  const size = decoding.readVarUint(decoder)
  for (let i = 0; i < size; i++) {
    const client = decoding.readVarUint(decoder)
    if (vector.has(client)) throw new Error(`state vector names client ${client} twice`)
    const clock = decoding.readVarUint(decoder)
    if (clock > 0) vector.set(client, clock)
  }
  if (decoding.hasContent(decoder)) throw new Error('bytes are left over after the state vector')
  return vector
}

/** Whether `vector` knows all that `other` knows. */
export const covers = (vector: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): boolean => {
  for (const [client, clock] of other) if ((vector.get(client) ?? 0) < clock) return false
  return true
}
