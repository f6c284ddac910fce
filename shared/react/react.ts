/** Pages in React: a page for as long as a component shows it, its light, and who else is there. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Awareness } from 'y-protocols/awareness'
import { type ConnectOptions, connect, type PageState, type Provider, type Saved } from '../provider/provider.ts'
import { INITIAL } from '../provider/state.ts'

/** Somebody on the page, as they show themselves. */
export interface Person {
  readonly clientId: number
  readonly [key: string]: unknown
}

export interface Page {
  /** null until the component is mounted. */
  readonly provider: Provider | null
  readonly state: PageState
}

const nothing = () => undefined
const deaf = () => nothing
const initial = () => INITIAL
const NOBODY: readonly Person[] = []
const nobody = () => NOBODY

/**
 * Opens a page, and leaves it when the component is unmounted or another page is asked for. The token is the one that was
 * rendered last; other options count as they were when the page was opened.
 */
export const usePage = (options: ConnectOptions): Page => {
  const { url, story, page } = options
  const [provider, setProvider] = useState<Provider | null>(null)
  const token = useRef(options.token)
  useEffect(() => {
    token.current = options.token
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a fresh function for the token must not open the page anew
  useEffect(() => {
    const given = (refused?: string) => {
      const { current } = token
      return typeof current === 'function' ? current(refused) : (current ?? '')
    }
    const opened = connect({ ...options, token: given })
    setProvider(opened)
    return () => {
      setProvider(null)
      opened.destroy()
    }
  }, [url, story, page])
  return {
    provider,
    state: useSyncExternalStore(provider?.subscribe ?? deaf, () => provider?.state ?? INITIAL, initial),
  }
}

/** What is saved of a page. */
export const useSaved = (provider: Provider | null): Saved =>
  useSyncExternalStore(
    provider?.subscribe ?? deaf,
    () => (provider?.state ?? INITIAL).saved,
    () => INITIAL.saved,
  )

/** Who else is on a page. */
export const usePeople = (provider: Provider | null): readonly Person[] => {
  const people = useMemo(() => (provider === null ? null : peopleOf(provider)), [provider])
  return useSyncExternalStore(people?.subscribe ?? deaf, people?.now ?? nobody, nobody)
}

const peopleOf = (provider: Provider) => {
  let seen = NOBODY
  const look = (awareness: Awareness): void => {
    seen = [...awareness.getStates()]
      .filter(([id]) => id !== awareness.clientID)
      .map(([clientId, state]) => ({ ...state, clientId }))
  }
  return {
    now: () => seen,
    subscribe: (listener: () => void) => {
      let { awareness } = provider
      const changed = () => {
        look(awareness)
        listener()
      }
      const moved = () => {
        awareness.off('change', changed)
        awareness = provider.awareness
        awareness.on('change', changed)
        changed()
      }
      awareness.on('change', changed)
      provider.on('doc', moved)
      look(awareness)
      return () => {
        awareness.off('change', changed)
        provider.off('doc', moved)
      }
    },
  }
}
