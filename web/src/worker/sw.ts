/**
 * The service worker: opens the app at once, and without a network. What it keeps belongs to one build, the shells (the
 * HTML) and the files they name; the browser looks for another build meanwhile, which opens the next time. Stories are
 * kept by the app itself, not here.
 */

/** The slice of a worker's surroundings that is used. */
interface WorkerScope {
  readonly location: { readonly origin: string }
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void
}
interface Fetching extends Lasting {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

const scope = globalThis as unknown as WorkerScope
/** Put in by the build. */
const FILES = '__FILES__'
const { files } = JSON.parse(FILES) as { readonly files: readonly string[] }
const CACHE = 'scriptorium-files'

/** Which shell shows what is at a path. */
const shellOf = (path: string): string => (path.startsWith('/s/') ? '/s/' : path)

const install = async (): Promise<void> => {
  const cache = await caches.open(CACHE)
  const kept = await Promise.all(files.map(async (file) => file.startsWith('/assets/') && cache.match(file)))
  await cache.addAll(['/', '/s/', ...files.filter((_, at) => !kept[at])])
  await scope.skipWaiting()
}

/** Files of builds before this one go; open windows have read theirs. */
const activate = async (): Promise<void> => {
  const cache = await caches.open(CACHE)
  const wanted = new Set(['/', '/s/', ...files])
  const stale = (await cache.keys()).filter(({ url }) => !wanted.has(new URL(url).pathname))
  await Promise.all(stale.map((request) => cache.delete(request)))
  await scope.clients.claim()
}

const keptOr = async (request: Request, path: string): Promise<Response> => (await caches.match(path)) ?? fetch(request)

scope.addEventListener('install', (event) => event.waitUntil(install()))
scope.addEventListener('activate', (event) => event.waitUntil(activate()))
scope.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== scope.location.origin || request.method !== 'GET') return
  const path = request.mode === 'navigate' ? shellOf(pathname) : pathname
  if (path === '/' || path === '/s/' || files.includes(path)) event.respondWith(keptOr(request, path))
})
