/** The token a page is opened with: when it ends, and so when to ask for the next. */
import { fromBase64 } from './base64.ts'
import type { Ports } from './ports.ts'

/** A token, or a function that gives one that is good now; told the one that the service did not take, if that is why. */
export type Token = string | ((refused?: string) => string | Promise<string>)

/** Of its remaining life, the share after which it is renewed; and how long before its end at the latest. */
const SHARE = 0.8
const AHEAD_MS = 60_000
/** A function that waits for a network that died must not keep the page from the one that came since. */
const WITHIN_MS = 30_000

/** Gives a token now. @throws whatever the app's function throws, or Error when it gives none for 30 s */
export const tokenNow = async (
  token: Token | undefined,
  { after }: Pick<Ports, 'after'>,
  refused?: string,
): Promise<string> => {
  if (typeof token !== 'function') return token ?? ''
  let forget: () => void = () => undefined
  const late = new Promise<never>((_, fail) => {
    forget = after(WITHIN_MS, () => fail(new Error(`no token was given within ${WITHIN_MS / 1000} s`)))
  })
  try {
    return await Promise.race([token(refused), late])
  } finally {
    forget()
  }
}

/**
 * When a token should be renewed, in ms from now; null: it does not say when it ends.
 * @param time ms since 1970
 */
export const renewIn = (token: string, time: number): number | null => {
  try {
    const payload = fromBase64(token.split('.')[1] ?? '')
    // An `exp` is plain ASCII whatever the names around it are.
    const exp = /"exp"\s*:\s*(\d+)/.exec(String.fromCharCode(...payload.subarray(0, 32_768)))?.[1]
    if (exp === undefined) return null
    const left = Number(exp) * 1000 - time
    return Math.max(0, Math.min(left * SHARE, left - AHEAD_MS > 0 ? left - AHEAD_MS : left * SHARE))
  } catch {
    // A token of another kind: the service judges it.
    return null
  }
}
