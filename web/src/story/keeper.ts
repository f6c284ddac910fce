/** Keeps all pages of the open story on this device, and their thumbnails fresh: whoever leaves for the woods takes all along. */
import { askJson } from '../device/api.ts'
import { pathOf } from '../device/path.ts'
import { afterwards } from '../device/usable.ts'
import type { StorySession } from './session.ts'

const EVERY_MS = 30_000
/** A page that does not come by then is left for the next round. */
const PATIENCE_MS = 15_000
/** Pages of one round. */
const MOST = 200

interface Listed {
  readonly pages: readonly { readonly id: string; readonly lastEdit: string }[]
}

/** Begins to look. @param found hears which pages were written to @returns how to stop */
export const keepPages = (session: StorySession, found: (pages: readonly string[]) => void): (() => void) => {
  let isStopped = false
  let isBusy = false

  const round = async (): Promise<void> => {
    const { pages } = await askJson<Listed>(session.story, pathOf(session.story))
    if (isStopped) return
    found(pages.map(({ id }) => id))
    const listed = new Set(session.state.story.pages.map(({ id }) => id))
    const stale = pages.filter(({ id, lastEdit }) => listed.has(id) && session.previews.all[id]?.lastEdit !== lastEdit)
    for (const { id, lastEdit } of stale.slice(0, MOST)) {
      if (isStopped || document.visibilityState === 'hidden') return
      await fetchPage(session, id, lastEdit)
    }
  }

  const look = () => {
    if (isStopped || isBusy || document.visibilityState === 'hidden' || !session.index.synced) return
    isBusy = true
    round()
      // Without the service there is nothing to fetch: the next round tries again.
      .catch(() => undefined)
      .finally(() => {
        isBusy = false
      })
  }

  const timer = setInterval(look, EVERY_MS)
  afterwards(() => {
    if (isStopped) return
    session.index.on('sync', look)
    document.addEventListener('visibilitychange', look)
    look()
  })
  return () => {
    isStopped = true
    clearInterval(timer)
    session.index.off('sync', look)
    document.removeEventListener('visibilitychange', look)
  }
}

const fetchPage = async (session: StorySession, page: string, lastEdit: string): Promise<void> => {
  const { provider, done } = session.visit(page)
  try {
    if (await synced(provider)) session.preview(page, lastEdit)
  } finally {
    done()
  }
}

const synced = (provider: {
  readonly synced: boolean
  subscribe(listener: () => void): () => void
}): Promise<boolean> =>
  new Promise((resolve) => {
    const end = (found: boolean) => {
      clearTimeout(timer)
      stop()
      resolve(found)
    }
    const timer = setTimeout(() => end(false), PATIENCE_MS)
    const stop = provider.subscribe(() => {
      if (provider.synced) end(true)
    })
    if (provider.synced) end(true)
  })
