/** Stores of keys and texts, as phones and browsers have them. */
import type { KeyValueStore } from '../../shared/provider/key-value.ts'

export interface MemoryStore extends KeyValueStore {
  readonly items: Map<string, string>
  /** Why nothing can be written; null: it can. */
  fault: string | null
  /** Why nothing can be removed; null: it can. */
  removalFault: string | null
}

/** Answers later, as a phone's does. */
export const memoryStore = (items = new Map<string, string>()): MemoryStore => {
  const store: MemoryStore = {
    items,
    fault: null,
    removalFault: null,
    getItem: async (key) => items.get(key) ?? null,
    setItem: async (key, value) => {
      if (store.fault !== null) throw new Error(store.fault)
      items.set(key, value)
    },
    removeItem: async (key) => {
      if (store.removalFault !== null) throw new Error(store.removalFault)
      items.delete(key)
    },
  }
  return store
}
