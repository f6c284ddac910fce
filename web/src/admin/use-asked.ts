/** What a part of the console was answered, asked again when it says so. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ask, Fault } from './service.ts'

export interface Asked<T> {
  /** null: nothing came yet. */
  readonly answer: T | null
  readonly fault: string | null
  readonly again: () => void
}

/** @param everyMs asked again so often, while the tab is seen; null: only when it is told to */
export const useAsked = <T>(path: string, everyMs: number | null = null): Asked<T> => {
  const [state, setState] = useState<Omit<Asked<T>, 'again'>>({ answer: null, fault: null })
  const [round, setRound] = useState(0)
  const again = useCallback(() => setRound((before) => before + 1), [])
  useEffect(() => {
    const closing = new AbortController()
    ask<T>(path, { signal: closing.signal }).then(
      (answer) => setState({ answer, fault: null }),
      (error: unknown) => {
        if (closing.signal.aborted) return
        setState(({ answer }) => ({ answer, fault: error instanceof Fault ? error.message : String(error) }))
      },
    )
    return () => closing.abort()
  }, [path, round])
  useEffect(() => {
    if (everyMs === null) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') again()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, again])
  return { ...state, again }
}
