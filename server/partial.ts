/** The bytes of half-received frames, of all sockets together: nobody has asked for them yet, and they fill memory. */

/** Half-received frames smaller than this are not worth counting. */
export const TRACKED_BYTES = 65_536

/** A socket whose frames are counted. */
export interface Receiving {
  /** Cuts it: what it has sent of its frame is given up. */
  cut(): void
}

export class Partials {
  readonly #max: number
  readonly #bytes = new Map<Receiving, number>()
  #total = 0

  /** @param max bytes of all together */
  constructor(max: number) {
    this.#max = max
  }

  get total(): number {
    return this.#total
  }

  /** More of a frame came. Past the bound the socket that holds most of it is cut. */
  add(socket: Receiving, bytes: number): void {
    this.#bytes.set(socket, (this.#bytes.get(socket) ?? 0) + bytes)
    this.#total += bytes
    while (this.#total > this.#max) {
      const [largest] = [...this.#bytes].reduce((most, each) => (each[1] > most[1] ? each : most))
      this.end(largest)
      largest.cut()
    }
  }

  /** The frame is whole, or its socket is gone. */
  end(socket: Receiving): void {
    const bytes = this.#bytes.get(socket)
    if (bytes === undefined) return
    this.#bytes.delete(socket)
    this.#total -= bytes
  }
}
