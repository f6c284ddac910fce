/** The smallest edit between two texts, and where places of the old text lie in the new one. */

export interface Edit {
  readonly at: number
  readonly removed: number
  readonly inserted: string
}

/** A step of a Y.Text delta; inserts other than text count as one place. */
export interface Step {
  readonly retain?: number | undefined
  readonly delete?: number | undefined
  readonly insert?: unknown
}

const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff

/**
 * One edit that turns `before` into `after`; null when they are equal. It never cuts a character of two code units.
 * @param caret where typing ended in `after`: tells which of several equal letters was typed
 */
export const difference = (before: string, after: string, caret: number): Edit | null => {
  if (before === after) return null
  const shorter = Math.min(before.length, after.length)
  const mostSuffix = Math.min(shorter, after.length - caret)
  let suffix = 0
  while (suffix < mostSuffix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++
  if (suffix > 0 && isLow(after.charCodeAt(after.length - suffix))) suffix--
  let prefix = 0
  while (prefix < shorter - suffix && before[prefix] === after[prefix]) prefix++
  if (prefix > 0 && isHigh(after.charCodeAt(prefix - 1))) prefix--
  return {
    at: prefix,
    removed: before.length - suffix - prefix,
    inserted: after.slice(prefix, after.length - suffix),
  }
}

/** Where a caret at `index` stands after `delta`; text inserted right there comes after it. */
export const moveCaret = (index: number, delta: readonly Step[]): number => {
  let at = 0
  let moved = index
  for (const step of delta) {
    if (at >= moved && step.retain !== undefined) break
    if (step.retain !== undefined) at += step.retain
    else if (step.delete !== undefined) moved -= Math.min(step.delete, Math.max(0, moved - at))
    else {
      const length = lengthOf(step.insert)
      if (at < moved) moved += length
      at += length
    }
  }
  return moved
}

/** Where the character at `index` stands after `delta`; null when it was deleted. */
export const moveCharacter = (index: number, delta: readonly Step[]): number | null => {
  let at = 0
  let moved = index
  for (const step of delta) {
    if (at > moved) break
    if (step.retain !== undefined) at += step.retain
    else if (step.delete !== undefined) {
      if (moved >= at && moved < at + step.delete) return null
      if (moved >= at) moved -= step.delete
    } else {
      const length = lengthOf(step.insert)
      if (at <= moved) moved += length
      at += length
    }
  }
  return moved
}

const lengthOf = (insert: unknown): number => (typeof insert === 'string' ? insert.length : 1)
