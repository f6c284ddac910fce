import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { KeySet } from '../../server/access/keys.ts'
import { systemClock } from '../../server/system.ts'
import { quiet } from '../support/logger.ts'
import { accessBy, bytes, good, keysOf, rsaKeys } from './signing.ts'

let rsa: Awaited<ReturnType<typeof rsaKeys>>
beforeAll(async () => {
  rsa = await rsaKeys()
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
