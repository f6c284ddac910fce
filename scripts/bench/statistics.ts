/** Several runs of one figure: the middle one, and how far they spread. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Null: no run has the figure. */
export const spreadOf = (values: readonly (number | null)[]): Spread | null => {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (least === undefined || most === undefined) return null
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)] ?? least, sorted[Math.ceil(middle)] ?? most]
  return { median: (low + high) / 2, least, most }
}
