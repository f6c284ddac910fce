/** Joining updates for the history: nothing they say is lost, deleted text included, but adjacent runs become one. */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { mergeUpdates } from '../room/merge.ts'
import { HandedOver } from './handed-over.ts'

type Struct = Y.Item | Y.GC | Y.Skip
type DeleteSet = ReturnType<typeof Y.createDeleteSet>

/** Each group as one update. @throws Error when an update cannot be decoded */
export const join = (groups: readonly (readonly Uint8Array[])[]): HandedOver<Uint8Array[]> => {
  const joined = groups.map((updates) => joinRuns(mergeUpdates(updates)))
  return new HandedOver(
    joined,
    joined.map(({ buffer }) => buffer),
  )
}

/**
 * The same update with adjacent runs of one client written as one, as Yjs writes them from a document.
 * `Y.mergeUpdates` leaves them apart, which takes ten times the room.
 */
const joinRuns = (update: Uint8Array): Uint8Array<ArrayBuffer> => {
  const { structs, ds } = Y.decodeUpdate(update) as { structs: Struct[]; ds: DeleteSet }
  const encoder = new Y.UpdateEncoderV1()
  const clients = byClient(structs, ds)
  encoding.writeVarUint(encoder.restEncoder, clients.length)
  for (const run of clients) {
    const { client, clock } = (run[0] as Struct).id
    encoding.writeVarUint(encoder.restEncoder, run.length)
    encoder.writeClient(client)
    encoding.writeVarUint(encoder.restEncoder, clock)
    for (const struct of run) struct.write(encoder, 0)
  }
  writeDeletes(encoder, ds)
  return encoder.toUint8Array() as Uint8Array<ArrayBuffer>
}

const byClient = (structs: readonly Struct[], ds: DeleteSet): Struct[][] => {
  const clients: Struct[][] = []
  let isDeleted: (clock: number) => boolean = () => false
  for (const struct of structs) {
    const run = clients.at(-1)
    if (run?.[0]?.id.client !== struct.id.client) {
      clients.push([struct])
      isDeleted = deletedIn(ds, struct.id.client)
    } else if (!takesOn(run.at(-1) as Struct, struct, isDeleted)) run.push(struct)
  }
  return clients
}

/** Joins `right` to `left` where a document would: typed on, and deleted both or neither. */
const takesOn = (left: Struct, right: Struct, isDeleted: (clock: number) => boolean): boolean => {
  if (left.id.clock + left.length !== right.id.clock) return false
  if (!(left instanceof Y.Item) || !(right instanceof Y.Item)) return false
  if (!Y.compareIDs(right.origin, left.lastId) || !Y.compareIDs(left.rightOrigin, right.rightOrigin)) return false
  if (isDeleted(left.id.clock) !== isDeleted(right.id.clock)) return false
  if (left.content.constructor !== right.content.constructor || !left.content.mergeWith(right.content)) return false
  left.length += right.length
  return true
}

/** Whether the clock of a client is deleted. */
const deletedIn = (ds: DeleteSet, client: number): ((clock: number) => boolean) => {
  const ranges = ds.clients.get(client) ?? []
  return (clock) => {
    let [low, high] = [0, ranges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const range = ranges[middle] as { clock: number; len: number }
      if (range.clock + range.len <= clock) low = middle + 1
      else high = middle
    }
    const found = ranges[low]
    return found !== undefined && found.clock <= clock
  }
}

const writeDeletes = (encoder: Y.UpdateEncoderV1, ds: DeleteSet): void => {
  const clients = [...ds.clients].sort(([a], [b]) => b - a)
  encoding.writeVarUint(encoder.restEncoder, clients.length)
  for (const [client, ranges] of clients) {
    encoder.resetDsCurVal()
    encoding.writeVarUint(encoder.restEncoder, client)
    encoding.writeVarUint(encoder.restEncoder, ranges.length)
    for (const { clock, len } of ranges) {
      encoder.writeDsClock(clock)
      encoder.writeDsLen(len)
    }
  }
}
