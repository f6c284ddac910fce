/**
 * The service worker: opens the app without a network. Files of a build never change under their name, so the device's
 * copy serves; the shells (the HTML) come from the service while it answers in time, and from the device otherwise.
 * Stories are kept by the app itself, not here.
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
/** A network that takes longer is as good as none: the shell on the device is the same but for its build. */
const PATIENCE_MS = 3000

/** Which shell shows a path; null: this page is not for here. */
const shellOf = (path: string): string | null => {
  if (path === '/') return '/'
  return path.startsWith('/s/') ? '/s/' : null
}

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

const file = async (request: Request, path: string): Promise<Response> => (await caches.match(path)) ?? fetch(request)

const shell = async (request: Request, path: string): Promise<Response> => {
  const kept = await caches.match(path)
  try {
    const answer = await fetch(request.url, kept === undefined ? {} : { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (answer.status < 500 || kept === undefined) return answer
    return kept
  } catch (error) {
    if (kept === undefined) throw error
    return kept
  }
}

scope.addEventListener('install', (event) => event.waitUntil(install()))
scope.addEventListener('activate', (event) => event.waitUntil(activate()))
scope.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== scope.location.origin || request.method !== 'GET') return
  const path = request.mode === 'navigate' ? shellOf(pathname) : null
  if (path !== null) event.respondWith(shell(request, path))
  else if (files.includes(pathname)) event.respondWith(file(request, pathname))
})
