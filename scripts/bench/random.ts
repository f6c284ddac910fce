/** Numbers that one seed repeats (mulberry32). */
export interface SeededRandom {
  /** In [0, 1). */
  fraction(): number
  /** A whole number in [0, below). */
  below(below: number): number
}

export const seededRandom = (seed: number): SeededRandom => {
  let state = seed >>> 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return { fraction, below: (below) => Math.floor(fraction() * below) }
}
