/** Comparing a page with what a client has. */
import * as Y from 'yjs'

export interface Compared {
  /** A Yjs V1 update. */
  readonly update: Uint8Array
  /** Encoded. */
  readonly stateVector: Uint8Array
}

/** What of `update` a client with `stateVector` lacks, as a Yjs V1 update. */
export const diff = ({ update, stateVector }: Compared): Uint8Array => Y.diffUpdate(update, stateVector)
