/**
 * The service worker: opens the app at once, and without a network. What it opens is one build, the shells (the HTML)
 * and the files they name; the browser looks for another build meanwhile, which opens the next time. The files of the
 * build before stay, as a window may still show it. Stories are kept by the app itself, not here.
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

/** Where the list of what the build needs is kept. */
const LIST = '/files.json'

/** Files of builds older than the one before this go: an open window of that one asks for the rest of its own. */
const activate = async (): Promise<void> => {
  const cache = await caches.open(CACHE)
  const before = (await (await cache.match(LIST))?.json()) as readonly string[] | undefined
  const wanted = new Set(['/', '/s/', LIST, ...files, ...(before ?? [])])
  const stale = (await cache.keys()).filter(({ url }) => !wanted.has(new URL(url).pathname))
  await Promise.all(stale.map((request) => cache.delete(request)))
  await cache.put(LIST, Response.json(files))
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
  const isKept = path === '/' || path === '/s/' || path.startsWith('/assets/') || files.includes(path)
  if (isKept) event.respondWith(keptOr(request, path))
})
