import { createHmac } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { TokenAccess } from '../../server/access/access.ts'
import { readGrants } from '../../server/access/grants.ts'
import { KeySet, type Keys } from '../../server/access/keys.ts'
import { secretKeys } from '../../server/access/secret.ts'
import { Standing } from '../../server/access/standing.ts'
import { VerifiedTokens } from '../../server/access/verified.ts'
import { type Access, type Caller, ROLES } from '../../server/access.ts'
import { systemClock } from '../../server/system.ts'
import { SECRET, seconds } from '../support/tokens.ts'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const keysOf = (keys: readonly JWK[], read = async (): Promise<unknown> => ({ keys })) =>
  new KeySet({ read, clock: systemClock, logger: quiet })
const accessBy = (keys: Keys): Access =>
  new TokenAccess({
    tokens: new VerifiedTokens({ keys, issuer: 'app', audience: 'pages', clock: systemClock }),
    callback: null,
    standing: new Standing(),
  })
const bytes = (text: string) => new TextEncoder().encode(text)
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const query = (token: string) => ({ query: new URLSearchParams({ token }), authorization: null, protocols: [] })

const good = () => ({
  sub: 'ana',
  exp: seconds() + 60,
  iat: seconds(),
  iss: 'app',
  aud: 'pages',
  stories: { s1: 'write' },
})
type Claims = Record<string, unknown>
const sign = (claims: Claims, secret = SECRET, header: Record<string, unknown> = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(bytes(secret))
const without = (name: string): Claims => Object.fromEntries(Object.entries(good()).filter(([key]) => key !== name))

/** Signs whatever is given, a text as it stands. */
const signRaw = (header: unknown, claims: unknown, secret = SECRET): string => {
  const written = [header, claims].map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
  const input = written.map((part) => Buffer.from(part, 'latin1').toString('base64url')).join('.')
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
const HS256 = { alg: 'HS256' }
/** A good token with another signature. @param change of the signature, null: it does not lend itself to that */
const resigned = (change: (signature: string) => string | null): string => {
  for (let n = 0; ; n++) {
    const [header, claims, signature = ''] = signRaw(HS256, { ...good(), n }).split('.')
    const changed = change(signature)
    if (changed !== null) return `${header}.${claims}.${changed}`
  }
}
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const rsa = { public: {} as JWK, private: null as unknown as CryptoKey }
beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true })
  rsa.private = pair.privateKey
  rsa.public = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256' }
})

const withClaims = (change: Claims) => () => sign({ ...good(), ...change })

/** Each must be refused, whatever else it says. */
const BAD: readonly (readonly [what: string, make: () => Promise<string> | string])[] = [
  ['nothing', () => ''],
  ['no JWT', () => 'hello'],
  ['two parts', () => 'a.b'],
  ['five parts', () => 'a.b.c.d.e'],
  ['parts that are no base64url', () => '!!.!!.!!'],
  ['a header that is no JSON', () => `${Buffer.from('{').toString('base64url')}.e30.x`],
  ['alg none, unsigned', () => `${encoded({ alg: 'none' })}.${encoded(good())}.`],
  [
    'alg NONE with a signature',
    async () => `${encoded({ alg: 'NONE' })}.${encoded(good())}.${(await sign(good())).split('.')[2]}`,
  ],
  ['no alg at all', async () => `${encoded({ typ: 'JWT' })}.${encoded(good())}.x`],
  ['another secret', () => sign(good(), 'another secret that is long enough too')],
  [
    'HS512, which is not the algorithm asked for',
    () => new SignJWT(good()).setProtectedHeader({ alg: 'HS512' }).sign(bytes(SECRET.repeat(2))),
  ],
  [
    'RS256 where a secret is expected',
    () => new SignJWT(good()).setProtectedHeader({ alg: 'RS256' }).sign(rsa.private),
  ],
  [
    'claims changed after signing',
    async () => {
      const [header, , signature] = (await sign(good())).split('.')
      return `${header}.${encoded({ ...good(), sub: 'eve' })}.${signature}`
    },
  ],
  ['a signature cut short', async () => (await sign(good())).slice(0, -4)],
  [
    'a critical header that is not known',
    async () => `${encoded({ alg: 'HS256', crit: ['x'], x: 1 })}.${encoded(good())}.x`,
  ],
  ['claims that are an array', async () => `${encoded({ alg: 'HS256' })}.${encoded([])}.x`],
  ['no sub', () => sign(without('sub'))],
  ['an empty sub', withClaims({ sub: '' })],
  ['a sub of blanks', withClaims({ sub: '  ' })],
  ['a sub that is a number', withClaims({ sub: 7 })],
  ['a sub with a line break', withClaims({ sub: 'ana\nlevel=50' })],
  ['a sub of 129 bytes', withClaims({ sub: 'x'.repeat(129) })],
  ['no exp', () => sign(without('exp'))],
  ['an exp that is a text', withClaims({ exp: String(seconds() + 60) })],
  ['an exp without end', async () => sign({ ...good(), exp: 1e308 })],
  ['an exp 31 s ago', withClaims({ exp: seconds() - 31 })],
  ['an nbf 35 s ahead', withClaims({ nbf: seconds() + 35 })],
  ['an nbf that is a text', withClaims({ nbf: 'now' })],
  ['an iat 35 s ahead', withClaims({ iat: seconds() + 35 })],
  ['no iss', () => sign(without('iss'))],
  ['another iss', withClaims({ iss: 'app2' })],
  ['an iss that holds the right one', withClaims({ iss: ['app'] })],
  ['no aud', () => sign(without('aud'))],
  ['another aud', withClaims({ aud: 'page' })],
  ['several aud, none of them ours', withClaims({ aud: ['a', 'b'] })],
  ['admin as a text', withClaims({ admin: 'true' })],
  ['admin as a number', withClaims({ admin: 1 })],
  ['a name that is no text', withClaims({ name: { toString: 'x' } })],
  ['stories that are an array', withClaims({ stories: ['s1'] })],
  ['stories that are a text', withClaims({ stories: '*' })],
  ['a role that there is not', withClaims({ stories: { s1: 'owner' } })],
  ['a role that is true', withClaims({ stories: { s1: true } })],
  ['a page without its story', withClaims({ pages: { p1: 'write' } })],
  // The last of 43 letters carries four bits, and says the same with two others set.
  [
    'a signature that ends in another letter of the same bits',
    () => resigned((sig) => `${sig.slice(0, -1)}${BASE64URL[BASE64URL.indexOf(sig.at(-1) ?? '') ^ 1]}`),
  ],
  ['a signature with padding', () => resigned((sig) => `${sig}=`)],
  ['a signature with a line break', () => resigned((sig) => `${sig}\n`)],
  ['a signature with a blank in it', () => resigned((sig) => `${sig.slice(0, 9)} ${sig.slice(9)}`)],
  [
    'a signature in the other alphabet',
    () => resigned((sig) => (/[-_]/.test(sig) ? sig.replaceAll('-', '+').replaceAll('_', '/') : null)),
  ],
  [
    'a signature in letters whose last eight bits are right',
    () => resigned((sig) => String.fromCharCode(...[...sig].map((letter) => 0x100 + letter.charCodeAt(0)))),
  ],
  ['a signature in capitals', () => resigned((sig) => sig.toUpperCase())],
  ['an empty signature', () => resigned(() => '')],
  ['a fourth part', () => resigned((sig) => `${sig}.`)],
  ['a fourth part before the signature', () => resigned((sig) => `.${sig}`)],
  ['a signature over no header', () => signRaw('', good())],
  ['a signature over no claims', () => signRaw(HS256, '')],
  ['crit, although what it asks for is known', () => signRaw({ ...HS256, crit: ['b64'], b64: true }, good())],
  ['crit that asks for nothing', () => signRaw({ ...HS256, crit: [] }, good())],
  ['claims that are said not to be encoded', () => signRaw({ ...HS256, crit: ['b64'], b64: false }, good())],
  ['alg hs256', () => signRaw({ alg: 'hs256' }, good())],
  ['alg in an array', () => signRaw({ alg: ['HS256'] }, good())],
  ['alg none behind HS256', () => signRaw('{"alg":"HS256","alg":"none"}', good())],
  ['alg by inheritance', () => signRaw('{"__proto__":{"alg":"HS256"}}', good())],
  ['a header that is an array', () => signRaw([HS256], good())],
  ['a header of null', () => signRaw('null', good())],
  ['claims of null', () => signRaw(HS256, 'null')],
  ['claims that are a text', () => signRaw(HS256, '"ana"')],
  ['claims that are not UTF-8', () => signRaw(HS256, JSON.stringify({ ...good(), sub: 'an\u00ff' }))],
  ['claims with something behind them', () => signRaw(HS256, `${JSON.stringify(good())}{}`)],
  ['a sub by inheritance', () => signRaw(HS256, `{"__proto__":{"sub":"ana"},"exp":${seconds() + 60}}`)],
  ['an exp too large for a number', () => signRaw(HS256, JSON.stringify(good()).replace(/"exp":\d+/, '"exp":1e400'))],
  ['a secret that is a part of ours', () => signRaw(HS256, good(), SECRET.slice(0, -1))],
  ['no secret', () => signRaw(HS256, good(), '')],
  ['a token of 8,193 bytes', () => 'x'.repeat(8193)],
]

describe('a token is refused with', () => {
  const access = accessBy(secretKeys(SECRET))

  it('(the honest one is not)', async () => {
    expect(await access.identify(query(await sign(good())))).toMatchObject({ user: 'ana', isAdmin: false })
    expect(await access.identify(query(await sign({ ...good(), aud: ['x', 'pages'] })))).toMatchObject({ user: 'ana' })
    expect(await access.identify(query(await sign({ ...good(), exp: seconds() - 28 })))).toMatchObject({ user: 'ana' })
  })

  it.each(BAD)('%s', async (_what, make) => {
    const token = await make()
    const answer = await access.identify(query(token))
    expect(answer).toEqual({ refused: expect.any(String) })
    if (token.length > 20) expect(JSON.stringify(answer)).not.toContain(token.slice(0, 20))
  })

  it('a letter changed anywhere: nothing is let in that jose would refuse', async () => {
    const token = await sign(good())
    const key = new TextEncoder().encode(SECRET)
    const letters = [...BASE64URL, '.', '=', '+', '/', ' ', '\u0141']
    const keys = secretKeys(SECRET)
    for (let n = 0; n < 3000; n++) {
      const at = n % (token.length + 1)
      const letter = letters[(n * 31) % letters.length]
      const changed = `${token.slice(0, at)}${letter}${token.slice(n % 3 === 0 ? at : at + 1)}`
      if (changed === token) continue
      const answer = await Promise.resolve()
        .then(() => keys.verify(changed, {}))
        .catch(() => null)
      if (answer !== null) expect(answer).toEqual((await jwtVerify(changed, key, { algorithms: ['HS256'] })).payload)
      expect([n, changed, answer]).toEqual([n, changed, null])
    }
  })

  it('(of a claim that stands there twice the last counts, for whoever asks)', async () => {
    const twice = JSON.stringify(good()).replace(
      '{',
      '{"sub":"eve","admin":true,"stories":{"*":"manage"},"admin":false,',
    )
    const caller = (await access.identifyToken(signRaw(HS256, twice))) as Caller
    expect(caller).toMatchObject({ user: 'ana', isAdmin: false })
    expect(await access.grant(caller, { story: 's2', page: 'p' })).toMatchObject({ role: 'none' })
  })

  it('(nothing that is nested deep or large brings anything down)', async () => {
    const deep = JSON.stringify(good()).replace('{', `{"x":${'['.repeat(2500)}${']'.repeat(2500)},`)
    expect(await access.identifyToken(signRaw(HS256, deep))).toMatchObject({ user: 'ana' })
    const huge = signRaw(HS256, { ...good(), x: 'x'.repeat(1_000_000) })
    expect(await access.identify(query(huge))).toEqual({ refused: 'the token is longer than 8192 bytes' })
  })

  it('another one beside it', async () => {
    const [one, other] = [await sign(good()), await sign({ ...good(), name: 'Ana' })]
    const both = { query: new URLSearchParams({ token: one }), authorization: `Bearer ${other}`, protocols: [] }
    expect(await access.identify(both)).toEqual({ refused: 'two different tokens were given' })
    expect(await access.identify({ ...both, authorization: `Bearer ${one}` })).toMatchObject({ user: 'ana' })
  })
})

describe('a key set', () => {
  it('lets in RS256, ES256 and EdDSA by their keys, and neither a secret nor the public key as one', async () => {
    const pairs = await Promise.all(
      (['ES256', 'EdDSA'] as const).map(async (alg) => {
        const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
        return { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: alg, alg } }
      }),
    )
    const access = accessBy(keysOf([rsa.public, ...pairs.map(({ jwk }) => jwk)]))
    const signed = (alg: string, kid: string, key: CryptoKey | Uint8Array, extra: Record<string, unknown> = {}) =>
      new SignJWT(good()).setProtectedHeader({ alg, kid, ...extra }).sign(key)
    for (const { alg, privateKey } of pairs) {
      expect(await access.identifyToken(await signed(alg, alg, privateKey))).toMatchObject({ user: 'ana' })
    }
    expect(await access.identifyToken(await signed('RS256', 'one', rsa.private))).toMatchObject({ user: 'ana' })
    const confused = [
      await signed('HS256', 'one', bytes(JSON.stringify(rsa.public))),
      await signed('HS256', 'one', bytes(String(rsa.public.n))),
      await signed('RS256', 'unknown', rsa.private),
      await signed('RS256', 'ES256', rsa.private),
      await signed('PS256', 'one', (await generateKeyPair('PS256')).privateKey),
    ]
    for (const token of confused) expect(await access.identifyToken(token)).toEqual({ refused: expect.any(String) })
  })

  it('of the token’s own choosing is not looked at: jwk, jku and x5u say nothing', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const access = accessBy(keysOf([rsa.public]))
    const jwk = await exportJWK(publicKey)
    for (const header of [{ jwk }, { jku: 'http://127.0.0.1:9/keys' }, { x5u: 'http://127.0.0.1:9/cert' }, {}]) {
      const token = await new SignJWT(good())
        .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
        .sign(privateKey)
      expect(await access.identifyToken(token)).toEqual({ refused: expect.any(String) })
    }
  })

  it('with a private key, or that is none, is not taken; until there is one nobody is let in, and nobody refused for good', async () => {
    for (const given of [{ keys: [{ ...rsa.public, d: 'x' }] }, { keys: 'x' }, null, []]) {
      const access = accessBy(keysOf([], async () => given))
      const token = await new SignJWT(good()).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(rsa.private)
      expect(await access.identifyToken(token)).toEqual({ again: expect.any(String) })
    }
  })

  it('is read once for many, again for an unknown key, at most once in 5 s, and kept while it cannot be read', async () => {
    let now = 1_800_000_000_000
    let reads = 0
    let isAway = false
    let published: JWK[] = [rsa.public]
    const read = async () => {
      reads++
      if (isAway) throw new Error('away')
      return { keys: published }
    }
    const keys = new KeySet({ read, clock: { ...systemClock, now: () => now }, logger: quiet })
    const next = await generateKeyPair('ES256', { extractable: true })
    const header = { alg: 'ES256', kid: 'two' }
    const find = (given: { alg: string; kid: string }) => keys.find(given, { payload: '', signature: '' })
    await Promise.all(Array.from({ length: 50 }, () => find({ alg: 'RS256', kid: 'one' })))
    expect(reads).toBe(1)
    await expect(Promise.all(Array.from({ length: 50 }, () => find(header)))).rejects.toThrow()
    expect(reads).toBe(1)
    now += 5001
    published = [rsa.public, { ...(await exportJWK(next.publicKey)), kid: 'two', alg: 'ES256' }]
    await Promise.all(Array.from({ length: 50 }, () => find(header)))
    expect(reads).toBe(2)
    isAway = true
    now += 86_400_000
    await find(header)
    await expect(find({ alg: 'ES256', kid: 'three' })).rejects.toThrow()
    await find(header)
    expect(reads).toBe(3)
  })
})

describe('grants', () => {
  const may = (claims: { stories?: unknown; pages?: unknown }, page: string) => {
    const [story = '', name = ''] = page.split('/')
    return readGrants(claims.stories, claims.pages)({ story, page: name })
  }

  it('of a page beat those of its story, which beat those of *', () => {
    const claims = { stories: { '*': 'read', s1: 'write', s2: 'none' }, pages: { 's1/p1': 'none', 's2/p2': 'manage' } }
    expect(may(claims, 's1/p1')).toBe('none')
    expect(may(claims, 's1/p2')).toBe('write')
    expect(may(claims, 's2/p2')).toBe('manage')
    expect(may(claims, 's2/p1')).toBe('none')
    expect(may(claims, 's3/p1')).toBe('read')
    expect(may({}, 's3/p1')).toBe('none')
  })

  it('of a page give no right to the story’s own document', () => {
    expect(may({ pages: { 's1/p1': 'manage', 's1/_story': 'manage' } }, 's1/_story')).toBe('none')
    expect(may({ stories: { s1: 'write' }, pages: { 's1/_story': 'read' } }, 's1/_story')).toBe('read')
  })

  it('are not found by names that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(may({ stories: { s1: 'manage' } }, `${name}/p`)).toBe('none')
    }
    expect(may({ stories: JSON.parse('{"__proto__":"manage"}') }, 's1/p')).toBe('none')
  })

  it('are the four that there are, weakest first', () => expect(ROLES).toEqual(['none', 'read', 'write', 'manage']))
})

it('a token that was verified just now is not verified again, and ends when it ends', async () => {
  let now = Date.now()
  let times = 0
  const keys = secretKeys(SECRET)
  const verify: Keys['verify'] = (given, asked) => {
    times++
    return keys.verify(given, asked)
  }
  const rules = { keys: { verify }, issuer: 'app', audience: 'pages', clock: { ...systemClock, now: () => now } }
  const tokens = new VerifiedTokens(rules)
  const token = await sign({ ...good(), exp: seconds() + 10 })
  for (let n = 0; n < 5; n++) expect(await tokens.verify(token)).toMatchObject({ user: 'ana' })
  expect(times).toBe(1)
  now += 31_000
  expect(await tokens.verify(token)).toMatchObject({ user: 'ana' })
  expect(times).toBe(2)
  now += 10_000
  expect(await tokens.verify(token)).toEqual({ refused: 'the token has expired' })
  for (let n = 0; n < 3; n++) expect(await tokens.verify('x.y.z')).toEqual({ refused: expect.any(String) })
})

it('no more verified tokens are kept than there is room for, the newest of them', async () => {
  let times = 0
  const keys = secretKeys(SECRET)
  const verify: Keys['verify'] = (given, asked) => {
    times++
    return keys.verify(given, asked)
  }
  const now = Date.now()
  const clock = { ...systemClock, now: () => now }
  const tokens = new VerifiedTokens({ keys: { verify }, issuer: null, audience: null, clock })
  const many = Array.from({ length: 6000 }, (_, n) => signRaw(HS256, { ...good(), sub: `user ${n}` }))
  for (const token of many) await tokens.verify(token)
  for (const token of many.slice(-2000)) await tokens.verify(token)
  expect(times).toBe(6000)
  await tokens.verify(many[0] as string)
  expect(times).toBe(6001)
})

it('a caller lasts until its token ends and the leeway is over', async () => {
  const claims = good()
  const caller = (await accessBy(secretKeys(SECRET)).identifyToken(await sign(claims))) as Caller
  expect(caller.expiresAt).toBe((claims.exp + 30) * 1000)
})
