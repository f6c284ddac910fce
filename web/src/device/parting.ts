/**
 * The last letters before a window closes. IndexedDB writes a moment later, and a browser that leaves does not wait for
 * it: they are noted at once, and read when the page is opened again. To apply them twice does no harm.
 */
import * as Y from 'yjs'
import { fromBase64, toBase64 } from '../../../shared/provider/base64.ts'
import type { Provider } from '../../../shared/provider/provider.ts'
import { forget, keep, recall } from './kept.ts'

/** IndexedDB has surely written what is older. */
const RECENT_MS = 5000

interface Written {
  readonly at: number
  readonly update: Uint8Array
}

/** Begins to note what is written on a page. @param key where @returns how to stop */
export const keepParting = (provider: Provider, key: string): (() => void) => {
  let recent: Written[] = []
  let { doc } = provider

  const add = (update: Uint8Array) => {
    const now = performance.now()
    recent = [...recent.filter(({ at }) => now - at < RECENT_MS), { at: now, update }]
  }
  const onUpdate = (update: Uint8Array, _origin: unknown, _doc: Y.Doc, { local }: Y.Transaction) => {
    if (local) add(update)
  }
  const leave = () => {
    if (recent.length > 0) keep(key, toBase64(Y.mergeUpdates(recent.map(({ update }) => update))))
  }
  // What was dropped must not come back.
  const changeDoc = (fresh: Y.Doc) => {
    doc.off('update', onUpdate)
    recent = []
    forget(key)
    doc = fresh
    doc.on('update', onUpdate)
  }

  doc.on('update', onUpdate)
  provider.on('doc', changeDoc)
  addEventListener('pagehide', leave)
  document.addEventListener('visibilitychange', leave)
  void provider.whenLoaded.then(() => {
    const noted = recall<string | null>(key, null)
    if (noted === null) return
    const update = fromBase64(noted)
    add(update)
    Y.applyUpdate(doc, update)
    forget(key)
  })
  return () => {
    doc.off('update', onUpdate)
    provider.off('doc', changeDoc)
    removeEventListener('pagehide', leave)
    document.removeEventListener('visibilitychange', leave)
  }
}
