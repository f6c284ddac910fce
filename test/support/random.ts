/** Random numbers from a seed that a failing test prints; SEED repeats a run. */
import { onTestFailed } from 'vitest'

export interface Random {
  readonly seed: number
  /** From 0 up to 1, without 1. */
  fraction(): number
  /** A whole number from 0 up to `end`, without `end`. */
  below(end: number): number
  chance(probability: number): boolean
  /** @throws Error when there is nothing to choose from */
  pick<T>(choices: readonly T[]): T
  bytes(length: number): Uint8Array
}

/** The same seed gives the same numbers (mulberry32). */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(fraction() * end)
  return {
    seed,
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick: (choices) => {
      if (choices.length === 0) throw new Error('nothing to choose from')
      return choices[below(choices.length)] as (typeof choices)[number]
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  }
}

/** For use inside a test: a seed of its own, printed when the test fails. */
export const seededRandom = (): Random => {
  const given = process.env.SEED
  const random = randomFrom(given === undefined || given === '' ? Math.floor(Math.random() * 2 ** 32) : Number(given))
  onTestFailed(() => {
    process.stderr.write(`repeat with SEED=${random.seed}\n`)
  })
  return random
}
