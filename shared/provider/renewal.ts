/** Renews the token of an open socket before it ends. */
import type { Ports } from './ports.ts'
import { renewIn, type Token, tokenNow } from './token.ts'

/** Timers of some platforms end at 2^31 ms. */
const LONGEST_MS = 3_600_000
/** A token that could be no longer is not asked for again and again. */
const LEAST_MS = 1000

export interface RenewalParts {
  readonly ports: Pick<Ports, 'after' | 'time'>
  readonly token: Token | undefined
  readonly send: (token: string) => void
}

/** @param first the token the socket was opened with @returns how to stop */
export const renewToken = ({ ports, token, send }: RenewalParts, first: string): (() => void) => {
  let current = first
  let isOver = false
  let forget: () => void = () => undefined
  const renew = async (): Promise<void> => {
    if (typeof token !== 'function') return
    try {
      const fresh = await tokenNow(token, ports)
      if (isOver) return
      if (fresh !== current) send(fresh)
      current = fresh
    } catch {
      // The old one is good still; another attempt follows before it ends.
    }
    if (!isOver) plan()
  }
  const plan = (): void => {
    const due = typeof token === 'function' ? renewIn(current, ports.time()) : null
    if (due === null) return
    forget = ports.after(Math.max(LEAST_MS, Math.min(due, LONGEST_MS)), () => (due > LONGEST_MS ? plan() : renew()))
  }
  plan()
  return () => {
    isOver = true
    forget()
  }
}
