/** Which other processes hold which of the pages that are open here, as far as is known, and when each was heard last. */

export class Peers {
  /** For each page the others that hold it, with the look before which that was learned. */
  readonly #byRoom = new Map<string, Map<string, number>>()
  readonly #heardAt = new Map<string, number>()

  /** Pages that others hold too. */
  get size(): number {
    return this.#byRoom.size
  }

  /** Whether any other process holds a page. */
  isShared(roomId: string): boolean {
    return this.#byRoom.has(roomId)
  }

  /** The others that hold a page. */
  of(roomId: string): Iterable<string> {
    return this.#byRoom.get(roomId)?.keys() ?? []
  }

  has(roomId: string, nodeId: string): boolean {
    return this.#byRoom.get(roomId)?.has(nodeId) === true
  }

  /** Notes that a process holds a page. @param look the number of the look that is next, or under way */
  add(roomId: string, nodeId: string, look: number): void {
    const peers = this.#byRoom.get(roomId)
    if (peers === undefined) this.#byRoom.set(roomId, new Map([[nodeId, look]]))
    else peers.set(nodeId, look)
  }

  remove(roomId: string, nodeId: string): void {
    const peers = this.#byRoom.get(roomId)
    if (peers?.delete(nodeId) === true && peers.size === 0) this.#byRoom.delete(roomId)
  }

  /** Forgets a page. */
  drop(roomId: string): void {
    this.#byRoom.delete(roomId)
  }

  /** Every pair of page and process, as they are now, that was learned before a look. */
  learnedBefore(look: number): { readonly roomId: string; readonly nodeId: string }[] {
    const pairs: { roomId: string; nodeId: string }[] = []
    for (const [roomId, peers] of this.#byRoom) {
      for (const [nodeId, learned] of peers) if (learned < look) pairs.push({ roomId, nodeId })
    }
    return pairs
  }

  /** Notes that a process was heard. */
  heard(nodeId: string, now: number): void {
    this.#heardAt.set(nodeId, now)
  }

  /** Whether a process was heard since `then`. */
  isHeardSince(nodeId: string, then: number): boolean {
    return (this.#heardAt.get(nodeId) ?? Number.NEGATIVE_INFINITY) >= then
  }

  /** Forgets when processes were heard that were not since `then`. */
  forgetSilent(then: number): void {
    for (const [nodeId, at] of this.#heardAt) if (at < then) this.#heardAt.delete(nodeId)
  }
}
