/** Lists that mostly hold nothing: an empty array takes 32 bytes, and most rooms are idle. */

/** Stands in until something is gathered. */
export const NOTHING: readonly never[] = []

/** Adds to a list that began as `NOTHING`. @returns it */
export const added = <T>(gathered: readonly T[], one: T): readonly T[] => {
  if (gathered === NOTHING) return [one]
  ;(gathered as T[]).push(one)
  return gathered
}
