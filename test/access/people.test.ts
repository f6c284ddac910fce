import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { type Client, connectClient } from '../support/client.ts'
import { startService, temporaryFolder } from '../support/service.ts'
import { mainStores } from '../support/sized-stores.ts'
import { anyPostgres } from '../support/stores.ts'
import { seconds, TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const write = async (client: Client, words: string): Promise<void> => {
  client.edit(words, (doc) => doc.getText('text').insert(0, words))
  await client.settled()
}

describe.each(mainStores)('forgetting a person, on $name,', ({ open }) => {
  it('puts an opaque id in the place of theirs everywhere; their text stays, their tokens end', async () => {
    const store = await open()
    const service = await startService({ ...store.env, ...TOKEN_ENV })
    const admin = await tokenOf('boss', { isAdmin: true })
    const stories = { s: 'manage' as const }
    const ana = await connectClient(service.collab, 's/p', { token: await tokenOf('ana', { stories }) })
    const ben = await connectClient(service.collab, 's/p', { token: await tokenOf('ben', { stories }) })
    await write(ana, 'written by one who leaves ')
    await write(ben, 'by another ')
    await call(service.address, 'PUT', '/stories/s/freeze', { token: await tokenOf('ana', { stories }) })
    await call(service.address, 'DELETE', '/stories/s/freeze', { token: admin })
    const { status, body } = await call(service.address, 'POST', '/admin/forget', {
      token: admin,
      body: { user: 'ana' },
    })
    expect([status, body.user, body.replaced > 0]).toEqual([
      200,
      expect.stringMatching(/^forgotten-[0-9a-f-]{36}$/),
      true,
    ])
    await until('her socket to be closed', () => ana.closings.length > 0)
    expect(ana.closings[0]?.code).toBe(4401)
    expect(ben.doc.getText('text').toString()).toContain('written by one who leaves')
    const { body: audit } = await call(service.address, 'GET', '/admin/audit', { token: admin })
    expect(JSON.stringify(audit)).not.toContain('"ana"')
    expect(audit.acts).toMatchObject([
      { act: 'POST /api/v1/admin/forget', author: 'boss', about: body.user },
      { act: 'DELETE /api/v1/stories/:story/freeze', author: 'boss', story: 's', page: null },
      { act: 'PUT /api/v1/stories/:story/freeze', author: body.user, story: 's' },
    ])
    await service.stop()
    const authors = await store.query<{ author: string }>(
      'SELECT DISTINCT author FROM scriptorium.update ORDER BY author',
    )
    expect(authors.map(({ author }) => author)).toEqual(['ben', body.user])
    const rows = await store.query<{ found: number }>(
      `SELECT count(*)::int AS found FROM scriptorium.grant_change WHERE subject = 'ana'`,
    )
    expect(rows[0]?.found).toBe(0)
  })
})

it('every column that names a person is called author, via or about: forgetting looks for those', async () => {
  const store = await anyPostgres().open()
  const service = await startService(store.env)
  const columns = await store.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'scriptorium' AND data_type = 'text' ORDER BY 1`,
  )
  await service.stop()
  const suspects = columns.map(({ name }) => name).filter((name) => /user|person|owner|who|_by$|member/.test(name))
  expect(suspects).toEqual([])
})

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

it('keys are rotated under load: not one socket is dropped, old tokens go and new ones come', {
  timeout: 120_000,
}, async () => {
  const file = join(temporaryFolder('keys'), 'jwks.json')
  const keys: { kid: string; private: CryptoKey; jwk: JWK }[] = []
  const publish = (count: number) =>
    writeFileSync(file, JSON.stringify({ keys: keys.slice(-count).map(({ jwk }) => jwk) }))
  const generate = async () => {
    const kid = `key ${keys.length}`
    const pair = await generateKeyPair('ES256', { extractable: true })
    keys.push({ kid, private: pair.privateKey, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' } })
  }
  const sign = (sub: string, age = 1) => {
    const { kid, private: key } = keys.at(-age) as (typeof keys)[number]
    return new SignJWT({ stories: { s: 'write' }, iat: seconds(), exp: seconds() + 600, sub })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(key)
  }
  await generate()
  publish(1)
  const service = await startService({ ...(await anyPostgres().open()).env, AUTH_JWKS_FILE: file })
  const clients = await Promise.all(
    Array.from({ length: 20 }, async (_, n) =>
      connectClient(service.collab, 's/p', { token: await sign(`user ${n}`) }),
    ),
  )
  let typed = 0
  const timer = setInterval(() => {
    for (const client of clients) client.edit('', (doc) => doc.getText('text').insert(0, 'x'))
    typed += clients.length
  }, 20)
  try {
    for (let round = 0; round < 2; round++) {
      await generate()
      publish(2)
      await until('the new key to be known', () => entered(service.collab, () => sign('newcomer')), {
        withinMs: 30_000,
      })
      expect(await entered(service.collab, () => sign('of before', 2))).toBe(true)
      for (const client of clients.slice(0, 5)) client.sendToken(await sign(`user ${clients.indexOf(client)}`))
    }
  } finally {
    clearInterval(timer)
  }
  await Promise.all(clients.map((client) => client.settled()))
  expect(clients.flatMap(({ closings }) => closings)).toEqual([])
  expect(clients.flatMap(({ refusals }) => refusals)).toEqual([])
  expect(typed).toBeGreaterThan(100)
  expect(await entered(service.collab, () => sign('of a key that is gone', 3))).toBe(false)
})

const entered = async (collab: string, token: () => Promise<string>): Promise<boolean> => {
  const { Client: Newcomer } = await import('../support/client.ts')
  const client = new Newcomer(collab, 's/p', { token: await token() })
  client.connect()
  await until('an answer', () => client.isSynced || client.closings.length > 0)
  const isIn = client.isSynced
  client.disconnect()
  return isIn
}
