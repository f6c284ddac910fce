/** Every way in which a token is bad. */
import { jwtVerify, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { secretKeys } from '../../server/access/secret.ts'
import type { Caller } from '../../server/access.ts'
import { SECRET, seconds } from '../support/tokens.ts'
import { accessBy, bytes, type Claims, good, HS256, rsaKeys, sign, signRaw } from './signing.ts'

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const query = (token: string) => ({ query: new URLSearchParams({ token }), authorization: null, protocols: [] })
const without = (name: string): Claims => Object.fromEntries(Object.entries(good()).filter(([key]) => key !== name))

/** A good token with another signature. @param change of the signature, null: it does not lend itself to that */
const resigned = (change: (signature: string) => string | null): string => {
  for (let n = 0; ; n++) {
    const [header, claims, signature = ''] = signRaw(HS256, { ...good(), n }).split('.')
    const changed = change(signature)
    if (changed !== null) return `${header}.${claims}.${changed}`
  }
}
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

let rsa: Awaited<ReturnType<typeof rsaKeys>>
beforeAll(async () => {
  rsa = await rsaKeys()
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
