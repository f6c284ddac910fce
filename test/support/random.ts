/** Seeded randomness: one seed gives one run. */
export interface Prng {
  readonly seed: number
  /** A number in [0, 1). */
  fraction(): number
  /** A whole number in [0, below). */
  below(below: number): number
  pick<T>(of: readonly T[]): T
}

/** The seed of a run: SEED where it is set, so that a failure can be had again. */
export const seedOf = (fallback: number): number => Number(process.env.SEED ?? fallback)

/** mulberry32: small, fast, good enough for tests. */
export const prng = (seed: number): Prng => {
  let state = seed >>> 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(fraction() * limit)
  return { seed, fraction, below, pick: (of) => of[below(of.length)] as (typeof of)[number] }
}
