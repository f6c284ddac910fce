/** Devices without a socket; their service, and its database that can be put back in time. */
import { expect, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { pageUrl } from '../../shared/provider/page-url.ts'
import { type Fetch, syncStory } from '../../shared/provider/sync-story.ts'
import { call } from '../support/api.ts'
import { memoryStore } from '../support/key-values.ts'
import { createPostgres } from '../support/postgres.ts'
import { type Service, startService } from '../support/service.ts'
import { postgresStoreAt } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

export const STORY = 's'
export const ROOM = `${STORY}/p`
/** Where pages are kept on a device, whatever port the service has. */
export const KEPT_URL = 'ws://stories.example/collab'
export const textOf = (doc: Y.Doc): string => doc.getText('text').toString()
type Role = 'read' | 'write'

/** A service on a database that can be put back, and devices that reach it by requests. */
export const start = async () => {
  const postgres = await createPostgres()
  onTestFinished(postgres.remove)
  const store = postgresStoreAt(postgres.url)
  let service: Service = await startService({ ...store.env, ...TOKEN_ENV })
  const device = (user: string, role: Role = 'write') => {
    const items = memoryStore()
    const opened = async (change: (text: Y.Text) => void) => {
      const doc = new Y.Doc()
      const kept = keyValue(items)(pageUrl(KEPT_URL, STORY, 'p'), doc, () => undefined)
      await kept.loaded
      change(doc.getText('text'))
      await kept.close()
      return textOf(doc)
    }
    return {
      items,
      write: opened,
      read: () => opened(() => undefined),
      sync: async () => {
        const token = await tokenOf(user, { stories: { [STORY]: role } })
        const here: Fetch = (url, init) => fetch(url.replace('http://stories.example', service.address), init)
        const asked = { store: items, token, url: KEPT_URL, story: STORY, pages: ['p'] }
        const outcome = await syncStory({ fetch: here, ...asked })
        expect(outcome).toEqual({ synced: ['p'], faults: {} })
      },
    }
  }
  const ask = async (body: unknown) => {
    const token = await tokenOf('ana', { stories: { [STORY]: 'write' } })
    return (await call(service.address, 'POST', `/stories/${STORY}/sync`, { token, body })).body.pages.p
  }
  return {
    store,
    device,
    ask,
    /** @returns the status */
    post: async (update: Uint8Array) => {
      const token = await tokenOf('ana', { stories: { [STORY]: 'write' } })
      const { status } = await fetch(`${service.address}/api/v1/stories/${STORY}/pages/p/updates`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
        body: update.slice(),
      })
      return status
    },
    collab: () => service.collab,
    keepCopy: postgres.keepCopy,
    goBack: async (copy: string, isRestarted: boolean) => {
      if (isRestarted) await service.stop()
      await postgres.goBack(copy)
      if (isRestarted) service = await startService({ ...store.env, ...TOKEN_ENV })
    },
    stop: () => service.stop(),
  }
}

/** Writes at the end. */
export const end = (words: string) => (text: Y.Text) => text.insert(text.length, words)
