/** The app's service worker: opens the app without a network, and brings its story when there is one. */
import { indexedDb } from '../../../shared/provider/indexeddb.ts'
import { syncStory } from '../../../shared/provider/sync-story.ts'

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface FetchEvent extends Extendable {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}
interface SyncEvent extends Extendable {
  /** `<address of the service> <story>` */
  readonly tag: string
}

const worker = globalThis as unknown as {
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'sync', listener: (event: SyncEvent) => void): void
  readonly clients: { claim(): Promise<void> }
}

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open('app').then((cache) => cache.addAll(['/', '/page.js'])))
})

worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))

worker.addEventListener('fetch', (event) => {
  event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)))
})

worker.addEventListener('sync', (event) => {
  const [url = '', story = ''] = event.tag.split(' ')
  const synced = async () => {
    await syncStory({ fetch: (address, init) => fetch(address, init), store: indexedDb(), url, story })
    await (await caches.open('app')).put('/synced', new Response(story))
  }
  event.waitUntil(synced())
})
