/** Merging Yjs updates without a Y.Doc. */
import * as Y from 'yjs'

/**
 * `Y.mergeUpdates` sorts all its readers again for each struct, so its cost grows with the square of their number:
 * a tree with this fan-in merges 10,000 keystrokes 30 times faster than one flat call.
 */
const FAN_IN = 32

/** An update that holds nothing. */
export const EMPTY_UPDATE = new Uint8Array([0, 0])

/** One Yjs V1 update that holds what all of `updates` hold. */
export const mergeUpdates = (updates: readonly Uint8Array[]): Uint8Array => {
  let level = updates
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let at = 0; at < level.length; at += FAN_IN) {
      const group = level.slice(at, at + FAN_IN)
      next.push(group.length === 1 ? (group[0] as Uint8Array) : Y.mergeUpdates(group))
    }
    level = next
  }
  return level[0] ?? EMPTY_UPDATE
}
