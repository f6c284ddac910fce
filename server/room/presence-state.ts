/** The state of one client's presence: checked once, and stamped with who it is where somebody vouches for that. */
import type { Identity } from './member.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

/** Values in one another; editors need four or five. */
const MAX_DEPTH = 16

const isNestedBeyond = (value: unknown, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isNestedBeyond(inner, depth - 1))
}

/**
 * @param json as it came
 * @param identity takes the place of what the client says of its user; null: whatever it says
 * @returns the state as JSON, null where it says that the client is gone, undefined where it is refused: a stock reader
 *   throws on what does not parse
 */
export const readPresence = (json: Uint8Array, identity: Identity | null): Uint8Array | null | undefined => {
  let state: unknown
  try {
    state = JSON.parse(utf8.decode(json))
  } catch (error) {
    // RangeError: nested deeper than the parser goes.
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return undefined
    throw error
  }
  if (state === null) return null
  if (isNestedBeyond(state, MAX_DEPTH)) return undefined
  if (identity === null) return json.slice()
  if (typeof state !== 'object' || Array.isArray(state)) return undefined
  const said = (state as { user?: unknown }).user
  const user = typeof said === 'object' && said !== null && !Array.isArray(said) ? said : {}
  return encoder.encode(JSON.stringify({ ...state, user: { ...user, ...identity } }))
}
