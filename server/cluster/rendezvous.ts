/**
 * Who of several has a room: the one whose hash together with the room is the highest (rendezvous hashing). Everybody who
 * knows the same candidates comes to the same answer, and a candidate that leaves or comes moves no rooms but its own.
 */
import { createHash } from 'node:crypto'

/** A double holds this many bytes of a hash exactly. */
const EXACT_BYTES = 6

/** Is part of what nodes must agree on: it may not change without the version of nodes.ts. */
const weight = (candidate: string, roomId: string): number =>
  createHash('sha256').update(candidate).update('\0').update(roomId).digest().readUIntBE(0, EXACT_BYTES)

/** The candidate that has `roomId`; null: there is none. */
export const highest = <Candidate extends string>(
  roomId: string,
  candidates: Iterable<Candidate>,
): Candidate | null => {
  let best: Candidate | null = null
  let most = -1
  for (const candidate of candidates) {
    const own = weight(candidate, roomId)
    if (own > most || (own === most && best !== null && candidate > best)) {
      best = candidate
      most = own
    }
  }
  return best
}
