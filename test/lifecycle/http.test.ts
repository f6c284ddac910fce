import { describe, expect, it } from 'vitest'
import { readConfig } from '../../server/config.ts'
import type { ApiParts } from '../../server/http/api/parts.ts'
import { createApp } from '../../server/http/app.ts'
import { hostAllowed, originAllowed } from '../../server/http/origin.ts'
import { createMetrics } from '../../server/metrics.ts'

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** No request of this suite goes to a page. */
const withoutPages = { assets: { maxBytes: 1000, maxStoryBytes: 1000 } } as unknown as ApiParts

const appWith = (state: { draining: boolean; database: boolean }) => {
  const metrics = createMetrics()
  metrics.counters.count('updates_stored', 3)
  const app = createApp({
    config: readConfig({}),
    metrics,
    logger,
    api: withoutPages,
    guard: { config: readConfig({}), maxBodyBytes: 1000, note: async () => '', add: async () => undefined },
    routes: [],
    work: {
      key: null,
      authorize: async () => undefined,
      work: {},
      logger,
      detached: { names: [], isRunning: () => false, ending: new AbortController().signal },
    },
    readiness: () => state,
    gauges: () => ({ rooms: 2, unsavedBytes: 17, pipes: 0 }),
  })
  return (path: string, host = '127.0.0.1:1234', headers: Record<string, string> = {}) =>
    app.request(path, { headers: { host, ...headers } })
}

describe('HTTP', () => {
  it('/healthz says that the process lives, whatever else does not', async () => {
    expect((await appWith({ draining: true, database: false })('/healthz')).status).toBe(200)
  })

  it('/readyz is 200 until draining, and says whether the database answers', async () => {
    const away = await appWith({ draining: false, database: false })('/readyz')
    expect([away.status, await away.json()]).toEqual([200, { status: 'ready', database: 'away' }])
    const draining = await appWith({ draining: true, database: true })('/readyz')
    expect([draining.status, await draining.json()]).toEqual([503, { status: 'draining', database: 'reachable' }])
  })

  it('/metrics counts and measures under names that begin with scriptorium_', async () => {
    const answer = await appWith({ draining: false, database: true })('/metrics')
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toContain('text/plain')
    expect(text).toContain('scriptorium_updates_stored_total 3')
    for (const line of ['rooms 2', 'unsaved_bytes 17', 'database_reachable 1', 'draining 0']) {
      expect(text).toContain(`scriptorium_${line}\n`)
    }
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '')
    expect(names.filter((name) => !name.startsWith('scriptorium_'))).toEqual([])
  })

  it('serves the page without inline script or style', async () => {
    const get = appWith({ draining: false, database: true })
    const answer = await get('/')
    const html = await answer.text()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/)
    for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) expect((await get(path ?? '')).status).toBe(200)
  })

  it('parts windows from others where browsers trust the origin, and says nothing of it where they would complain', async () => {
    const get = appWith({ draining: false, database: true })
    const policy = async (host: string, headers = {}) =>
      (await get('/', host, headers)).headers.get('cross-origin-opener-policy')
    for (const host of ['127.0.0.1:1234', 'localhost', '[::1]:80']) expect(await policy(host)).toBe('same-origin')
    expect(await policy('192.168.1.7:1234')).toBe(null)
    expect(await policy('stories.example', { 'sec-fetch-site': 'none' })).toBe('same-origin')
    expect(await policy('stories.example', { 'x-forwarded-proto': 'https' })).toBe('same-origin')
    expect(await policy('stories.example', { 'x-forwarded-proto': 'http' })).toBe(null)
  })

  it('shows a story and the console by pages of their own, sent packed, with files that never change', async () => {
    const get = appWith({ draining: false, database: true })
    for (const path of ['/s/my-story', '/s/caf%C3%A9', '/admin']) {
      const answer = await get(path)
      const html = await answer.text()
      expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 200, 'no-cache'])
      expect(answer.headers.get('content-security-policy')).toMatch(/script-src 'self';.*style-src 'self';/)
      expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/)
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? ''
      const asset = await get(script, '127.0.0.1:1234', { 'accept-encoding': 'gzip' })
      expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(asset.headers.get('content-encoding')).toBe('gzip')
    }
    expect((await get('/sw.js')).headers.get('cache-control')).toBe('no-cache')
    expect((await get('/manifest.webmanifest')).headers.get('content-type')).toContain('application/manifest+json')
  })

  it.each(['/nothing', '/assets/nothing.js', '/assets/..%2findex.html', '/../package.json'])(
    'answers %s with a problem',
    async (path) => {
      const answer = await appWith({ draining: false, database: true })(path)
      expect(answer.status).toBe(404)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await answer.json()).toMatchObject({ status: 404, title: 'Not found' })
    },
  )

  it('in open mode is not called by the name of another site', async () => {
    const get = appWith({ draining: false, database: true })
    for (const path of ['/', '/metrics', '/readyz']) expect((await get(path, 'evil.example:1234')).status).toBe(403)
  })
})

describe('in open mode', () => {
  it.each(['localhost', 'localhost:1234', '127.0.0.1:1234', '[::1]:1234', 'app.localhost'])(
    'Host %s is taken',
    (host) => {
      expect(hostAllowed(host, readConfig({}))).toBe(true)
    },
  )

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost@evil.example', '10.0.0.5', '', ' '])(
    'Host %j is refused',
    (host) => {
      expect(hostAllowed(host, readConfig({}))).toBe(false)
    },
  )

  it('the configured name is taken, and an address where every address is listened on', () => {
    expect(hostAllowed('stories.lan:1234', readConfig({ HOST: 'stories.lan', AUTH: 'open' }))).toBe(true)
    expect(hostAllowed('10.0.0.5:1234', readConfig({ HOST: '0.0.0.0', AUTH: 'open' }))).toBe(true)
    expect(hostAllowed('evil.example', readConfig({ HOST: '0.0.0.0', AUTH: 'open' }))).toBe(false)
    const named = readConfig({ HOST: '0.0.0.0', AUTH: 'open', ALLOWED_ORIGINS: 'https://stories.example' })
    expect(hostAllowed('stories.example', named)).toBe(true)
  })

  const from = (origin: string | null, env = {}, host = '127.0.0.1:1234') =>
    originAllowed({ origin, host, config: readConfig(env) })

  it('any loopback origin may call, and a caller without one', () => {
    for (const origin of [null, 'http://localhost:5173', 'http://127.0.0.1:1234', 'capacitor://localhost']) {
      expect(from(origin)).toBe(true)
    }
  })

  it('other origins may not, unless they are listed to the letter', () => {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'localhost']) {
      expect(from(origin)).toBe(false)
    }
    const env = { ALLOWED_ORIGINS: 'https://a.example' }
    expect(from('https://a.example', env)).toBe(true)
    expect(from('https://A.example', env)).toBe(true)
    for (const origin of ['http://a.example', 'https://a.example:8443', 'https://b.a.example']) {
      expect(from(origin, env)).toBe(false)
    }
  })

  it('the same origin may call where nothing else is set', () => {
    const env = { HOST: '0.0.0.0', AUTH: 'open' }
    expect(from('http://10.0.0.5:1234', env, '10.0.0.5:1234')).toBe(true)
    expect(from('https://10.0.0.5', env, '10.0.0.5:443')).toBe(true)
    expect(from('http://10.0.0.6:1234', env, '10.0.0.5:1234')).toBe(false)
  })
})
