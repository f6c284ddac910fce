/** Milliseconds by the million in constant memory: buckets 2 % apart, so a percentile is at most 1 % off. */

const FINEST_MS = 0.01
const GROWTH = 1.02
const BUCKETS = 1000
const SCALE = 1 / Math.log(GROWTH)

export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export class Histogram {
  readonly #buckets = new Float64Array(BUCKETS)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  add(ms: number): void {
    const bucket = ms <= FINEST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / FINEST_MS) * SCALE))
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#count++
    if (ms > this.#max) this.#max = ms
  }

  /** What `share` of the values are at most; NaN of none. */
  percentile(share: number): number {
    if (this.#count === 0) return Number.NaN
    let left = Math.ceil(share * this.#count)
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#buckets[bucket] ?? 0
      if (left <= 0) return Math.min(this.#max, FINEST_MS * GROWTH ** (bucket - 0.5))
    }
    return this.#max
  }

  summary(): Percentiles | null {
    if (this.#count === 0) return null
    return { count: this.#count, p50: this.percentile(0.5), p99: this.percentile(0.99), max: this.#max }
  }
}
