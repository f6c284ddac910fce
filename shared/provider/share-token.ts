/** One token for all that an app has open: asked for once, when none is there or it is about to end. */
import type { Ports } from './ports.ts'
import { renewIn, type Token, tokenNow } from './token.ts'

/** A token that does not say when it ends is held for this long. */
const OPAQUE_MS = 10_000

export const shareToken = (
  token: Token | undefined,
  ports: Pick<Ports, 'time' | 'after'>,
): ((refused?: string) => Promise<string>) => {
  const { time } = ports
  let held: { readonly token: Promise<string>; freshUntil: number } | null = null
  let last: string | null = null
  return (refused) => {
    const isRefused = refused !== undefined && refused === last
    if (held !== null && !isRefused && time() < held.freshUntil) return held.token
    const asked = { token: tokenNow(token, ports, refused), freshUntil: Number.POSITIVE_INFINITY }
    held = asked
    last = null
    asked.token.then(
      (given) => {
        last = given
        asked.freshUntil = time() + (renewIn(given, time()) ?? OPAQUE_MS)
      },
      // Whoever asked hears of it; the next asks anew.
      () => {
        if (held === asked) held = null
      },
    )
    return asked.token
  }
}
