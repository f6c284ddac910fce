/** Waiting for a condition. */

const PATIENCE_MS = 60_000
const LOOK_MS = 5

/** @throws what `failure` gives, or Error with `missing` after a minute */
export const until = async (
  done: () => boolean,
  failure: () => Error | null,
  missing: () => string | null,
): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const error = failure()
    if (error !== null) throw error
    if (done()) return
    if (performance.now() > deadline) throw new Error(`after ${PATIENCE_MS / 1000} s: ${missing()}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
