/** How long to wait before the next attempt: longer each time, never in step with others. */

const LEAST_MS = 500
const MOST_MS = 30_000
/** Whatever was asked for: timers of some platforms end at once when they are to wait for too long. */
const MOST_ASKED_MS = 3_600_000
/** The longest first wait of one who has something to bring, and of one who only reads and makes room for others. */
const FIRST_MS = { hurried: 1000, calm: 8000 }

export interface Wait {
  /** Attempts that came to nothing, in a row. */
  readonly failures: number
  /** What the service asked for; 0: nothing. */
  readonly retryAfterMs: number
  /** Whether something waits to be brought. */
  readonly isHurried: boolean
}

/** @param random from 0 up to 1 */
export const waitBefore = ({ failures, retryAfterMs, isHurried }: Wait, random: number): number => {
  // Whoever was told the same moment does not come at the same moment.
  const asked = retryAfterMs * (1 + random / 2)
  // The service knows how many it sent away.
  if (failures === 0 && asked > 0) return Math.max(LEAST_MS, asked)
  const most = Math.min(MOST_MS, FIRST_MS[isHurried ? 'hurried' : 'calm'] * 2 ** Math.min(failures, 10))
  return Math.max(LEAST_MS + random * (most - LEAST_MS), asked)
}

/** Whether the app must act before it makes sense to try again. */
export const mustAct = (code: number): boolean => code >= 4400 && code <= 4499

/** The reason of a close frame. Of one that is not the service's own, the text itself. */
export const readReason = (reason: string): { readonly text: string; readonly retryAfterMs: number } => {
  try {
    const { text, retryAfterMs } = JSON.parse(reason) as { text?: unknown; retryAfterMs?: unknown }
    const wait = typeof retryAfterMs === 'number' && retryAfterMs > 0 ? Math.min(retryAfterMs, MOST_ASKED_MS) : 0
    return { text: typeof text === 'string' ? text : '', retryAfterMs: wait }
  } catch {
    // A proxy's words, or none.
    return { text: reason, retryAfterMs: 0 }
  }
}
