/** What is kept of tokens that were verified, and for how long. */
import { expect, it } from 'vitest'
import type { Keys } from '../../server/access/keys.ts'
import { secretKeys } from '../../server/access/secret.ts'
import { VerifiedTokens } from '../../server/access/verified.ts'
import type { Caller } from '../../server/access.ts'
import { systemClock } from '../../server/system.ts'
import { SECRET, seconds } from '../support/tokens.ts'
import { accessBy, good, HS256, sign, signRaw } from './signing.ts'

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
