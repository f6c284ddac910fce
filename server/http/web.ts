/** The web app: its built files, one HTML for each kind of page, and the headers that keep strangers' code out of it. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { isLoopback } from '../loopback.ts'

/** The built app; from the sources (as vitest runs them) it is found in dist. */
const WEB = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/web' : '../../web', import.meta.url))

/** The address of each page, and the HTML that shows it; what is to be shown there, it reads from the address. */
const SHELLS = { '/': 'index.html', '/s/*': 'story.html', '/admin': 'admin.html' }

/** Icons, the manifest, the service worker: files that keep their names. */
const rootFiles = (): string[] => {
  try {
    const entries = readdirSync(WEB, { withFileTypes: true })
    return entries.filter((entry) => entry.isFile() && !/\.(html|gz|br)$/.test(entry.name)).map(({ name }) => name)
  } catch {
    // A service built without the app has none.
    return []
  }
}

/** Serves the app. */
export const pageRoutes = (app: Hono): void => {
  const file = (path: string) => serveStatic({ root: WEB, path, precompressed: true })
  // Names of assets change with their content.
  app.get('/assets/*', cached('public, max-age=31536000, immutable'), serveStatic({ root: WEB, precompressed: true }))
  for (const name of rootFiles()) app.get(`/${name}`, cached('no-cache'), file(name))
  for (const [path, html] of Object.entries(SHELLS)) app.get(path, cached('no-cache'), file(html))
}

/** Says for how long a file that was found may be kept. */
const cached =
  (control: string): MiddlewareHandler =>
  async (c, next) => {
    await next()
    if (c.res.ok) c.header('cache-control', control)
  }

/** Puts the headers of every answer; a route that shows more or less than the app may have put a policy of its own. */
export const secure = (c: Context): void => {
  if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', policyFor(c))
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
  if (isTrusted(c)) c.header('cross-origin-opener-policy', 'same-origin')
  c.header('cross-origin-resource-policy', 'same-origin')
}

/**
 * Whether browsers trust the origin: they ignore, and complain of, some headers where they do not. Those of today say so
 * themselves, by Sec-Fetch-Site, whatever proxy ends TLS; for others it is https, or this machine.
 */
const isTrusted = (c: Context): boolean =>
  c.req.header('sec-fetch-site') !== undefined ||
  c.req.header('x-forwarded-proto') === 'https' ||
  isLoopback((c.req.header('host') ?? '').replace(/:\d+$/, ''))

const policyFor = (c: Context): string => {
  // Older Safari does not count WebSockets of the same host as 'self'.
  const host = (c.req.header('host') ?? '').replace(/[^\w.:[\]-]/g, '')
  const sockets = host === '' ? '' : ` ws://${host} wss://${host}`
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Pictures come with a token, so the app reads them itself and shows them as blobs.
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${sockets}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
