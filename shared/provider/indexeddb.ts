/** Keeps pages in a browser's IndexedDB, through y-indexeddb. */
import { IndexeddbPersistence } from 'y-indexeddb'
import { fromBase64, toBase64 } from './base64.ts'
import type { Offline } from './offline.ts'
import type { Acknowledged } from './waiting.ts'

const KNOWN = 'scriptorium'

/** Keeps pages in IndexedDB, a database each. @param prefix what their names begin with */
export const indexedDb =
  (prefix = 'scriptorium:'): Offline =>
  (name, doc, told) => {
    const kept = new IndexeddbPersistence(`${prefix}${name}`, doc)
    const load = async (): Promise<Acknowledged | null> => {
      await kept.whenSynced
      const known: unknown = await kept.get(KNOWN)
      if (typeof known !== 'string') return null
      const { vector, deleted } = JSON.parse(known) as { vector: string; deleted: number }
      return { stateVector: fromBase64(vector), deleted }
    }
    return {
      loaded: load(),
      acknowledge: ({ stateVector, deleted }) => {
        // In one queue with the changes it speaks of.
        kept.set(KNOWN, JSON.stringify({ vector: toBase64(stateVector), deleted })).then(
          () => told(null),
          (error: unknown) => told(error instanceof Error ? error.message : String(error)),
        )
      },
      clear: () => kept.clearData(),
      close: () => kept.destroy(),
    }
  }
