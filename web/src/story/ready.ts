/** When a page can be shown: what the device kept is there, and what the service holds too, unless it does not come. */
import { useEffect, useState } from 'preact/hooks'
import type * as Y from 'yjs'
import type { Provider } from '../../../shared/provider/provider.ts'

/** A page that is empty here waits this long for the service before it is shown empty. */
const PATIENCE_MS = 2500

export interface Ready {
  /** Another one after changes were dropped. */
  readonly doc: Y.Doc
  readonly isReady: boolean
  /** Whether the first attempt to reach the service has ended, well or not. */
  readonly isTried: boolean
}

export const useReady = (provider: Provider): Ready => {
  const [doc, setDoc] = useState(provider.doc)
  const [isReady, setReady] = useState(false)
  const [isTried, setTried] = useState(false)

  useEffect(() => {
    let isLoaded = false
    let isLate = false
    const look = () => {
      const { synced, connection } = provider.state
      if (synced || connection === 'denied' || isLate) setTried(true)
      const isThere = provider.doc.getXmlFragment('body').length > 0 || provider.doc.getText('title').length > 0
      if (isLoaded && (isThere || synced || connection === 'denied' || isLate)) setReady(true)
    }
    const timer = setTimeout(
      () => {
        isLate = true
        look()
      },
      navigator.onLine ? PATIENCE_MS : 0,
    )
    const change = () => setDoc(provider.doc)
    const stop = provider.subscribe(look)
    provider.on('doc', change)
    void provider.whenLoaded.then(() => {
      isLoaded = true
      look()
    })
    change()
    look()
    return () => {
      clearTimeout(timer)
      stop()
      provider.off('doc', change)
      setReady(false)
      setTried(false)
    }
  }, [provider])

  return { doc, isReady, isTried }
}
