/** How long to wait before the next attempt: longer each time, never in step with others. */

const LEAST_MS = 500
const MOST_MS = 30_000

/**
 * @param failures attempts that came to nothing, in a row
 * @param retryAfterMs what the service asked for
 * @param random from 0 up to 1
 */
export const waitBefore = (failures: number, retryAfterMs: number, random: number): number => {
  const most = Math.min(MOST_MS, LEAST_MS * 2 ** (Math.min(failures, 10) + 1))
  const wait = LEAST_MS + random * (most - LEAST_MS)
  // Whoever was told the same moment does not come at the same moment.
  return Math.max(wait, retryAfterMs * (1 + random / 2))
}

/** Whether the app must act before it makes sense to try again. */
export const mustAct = (code: number): boolean => code >= 4400 && code <= 4499

/** The reason of a close frame. Of one that is not the service's own, the text itself. */
export const readReason = (reason: string): { readonly text: string; readonly retryAfterMs: number } => {
  try {
    const { text, retryAfterMs } = JSON.parse(reason) as { text?: unknown; retryAfterMs?: unknown }
    const wait = typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0
    return { text: typeof text === 'string' ? text : '', retryAfterMs: wait }
  } catch {
    // A proxy's words, or none.
    return { text: reason, retryAfterMs: 0 }
  }
}
