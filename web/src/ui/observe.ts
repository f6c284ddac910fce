/** What changes by itself, in a component. */
import { useSyncExternalStore } from 'preact/compat'

export interface Observable<State> {
  /** The same object until it changes. */
  readonly state: State
  readonly subscribe: (listener: () => void) => () => void
}

/** The present state of `source`. */
export const useObserved = <State>(source: Observable<State>): State =>
  useSyncExternalStore(source.subscribe, () => source.state)
