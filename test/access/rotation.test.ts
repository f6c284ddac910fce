import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { connectClient } from '../support/client.ts'
import { startService, temporaryFolder } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { seconds } from '../support/tokens.ts'
import { until } from '../support/until.ts'

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
