/** Waiting for a condition, never for a time. */

const LOOK_MS = 10

/**
 * Looks again and again until `check` gives something truthy.
 * @param what names what is waited for, should it never come
 * @throws Error naming it after `withinMs`
 */
export const until = async <T>(
  what: string,
  check: () => T | Promise<T>,
  { withinMs = 20_000 }: { readonly withinMs?: number } = {},
): Promise<T> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    const found = await check()
    if (found) return found
    if (performance.now() > deadline) throw new Error(`waited ${withinMs / 1000} s in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** Lets sockets and timers of this process have `turns` turns. */
export const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
