/** Managing acts by HTTP: the audit of them, revocations, and what browsers may do. */
import { describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

it('the audit is read a page at a time, the newest first, and its limits are checked', async () => {
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...TOKEN_ENV })
  const token = await tokenOf('boss', { isAdmin: true })
  for (const reason of ['one', 'two', 'three']) {
    await call(service.address, 'PUT', '/stories/s/pages/p/freeze', { token, body: { reason } })
  }
  await call(service.address, 'PUT', '/stories/s/pages/p/freeze', { token, body: { reason: 7 } })
  const first = await call(service.address, 'GET', '/admin/audit?limit=2', { token })
  expect(first.body.acts.map(({ detail }: { detail: { reason: string } }) => detail.reason)).toEqual(['three', 'two'])
  const before = encodeURIComponent(first.body.acts[1].at)
  const second = await call(service.address, 'GET', `/admin/audit?limit=2&before=${before}`, { token })
  expect(second.body.acts.map(({ detail }: { detail: { reason: string } }) => detail.reason)).toEqual(['one'])
  for (const query of ['limit=0', 'limit=x', 'limit=1001', 'before=yesterday']) {
    expect([query, (await call(service.address, 'GET', `/admin/audit?${query}`, { token })).status]).toEqual([
      query,
      400,
    ])
  }
})

const BAD_REVOCATIONS: readonly (readonly [what: string, body: unknown])[] = [
  ['no user', {}],
  ['a user that is no text', { user: { $ne: '' } }],
  ['a user of 129 bytes', { user: 'x'.repeat(129) }],
  ['a page without its story', { user: 'a', page: 'p' }],
  ['a grant that there is not', { user: 'a', story: 's', grant: 'owner' }],
  ['a grant on everything', { user: 'a', grant: 'write' }],
  ['a story that may not be', { user: 'a', story: '..' }],
  ['a list', ['ana']],
]

it('a revocation that is not understood is refused with 400 and changes nothing', async () => {
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...TOKEN_ENV })
  const token = await tokenOf('boss', { isAdmin: true })
  for (const [what, body] of BAD_REVOCATIONS) {
    const { status, headers } = await call(service.address, 'POST', '/admin/revoke', { token, body })
    expect([what, status, headers.get('content-type')]).toEqual([what, 400, 'application/problem+json'])
  }
  expect(await store.query('SELECT id FROM scriptorium.grant_change')).toEqual([])
})

describe('browsers', () => {
  it('of an allowed origin may call the API, those of others may not, whatever they send', async () => {
    const env = { ...(await anyPostgres().open()).env, ...TOKEN_ENV, ALLOWED_ORIGINS: 'https://app.example' }
    const service = await startService(env)
    const token = await tokenOf('boss', { isAdmin: true })
    const asked = { origin: 'https://app.example', 'access-control-request-method': 'PUT' }
    const preflight = await call(service.address, 'OPTIONS', '/admin/audit', { headers: asked })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    const allowed = await call(service.address, 'GET', '/admin/audit', {
      token,
      headers: { origin: 'https://app.example' },
    })
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example'])
    expect(allowed.headers.get('vary')).toContain('origin')
    for (const origin of ['https://evil.example', 'null', 'https://app.example.evil', 'http://app.example']) {
      const answer = await call(service.address, 'GET', '/admin/audit', { token, headers: { origin } })
      expect([origin, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([origin, 403, null])
    }
    const refused = await call(service.address, 'GET', '/admin/audit', { headers: { origin: 'https://app.example' } })
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.example'])
    for (const header of ['content-security-policy', 'x-content-type-options', 'referrer-policy']) {
      expect([header, refused.headers.get(header)]).toEqual([header, expect.any(String)])
    }
    expect(refused.headers.get('set-cookie')).toBeNull()
    expect(refused.headers.get('cache-control')).toBe('no-store')
  })

  it('of another site cannot make a change in open mode, not even by a form', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const headers = { origin: 'https://evil.example', 'content-type': 'text/plain' }
    const answer = await call(service.address, 'PUT', '/stories/s/freeze', { headers, body: {} })
    expect(answer.status).toBe(403)
    expect((await call(service.address, 'GET', '/admin/audit')).body.acts).toEqual([])
  })
})
