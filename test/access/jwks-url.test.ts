import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, it, onTestFinished } from 'vitest'
import { Client } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { seconds } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** 0: let in; else the code it was refused with. */
const opening = async (collab: string, token: string): Promise<number> => {
  const client = new Client(collab, 's/p', { token })
  client.connect()
  await until('an answer', () => client.isSynced || client.closings.length > 0)
  const code = client.closings[0]?.code ?? 0
  client.disconnect()
  return code
}

it('a key set is fetched by URL; without it nobody is let in and all may try again, and what is known stays good', async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA' }]
  let isAway = true
  let fetches = 0
  const server = createServer((_request, response) => {
    fetches++
    response.writeHead(isAway ? 503 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const sign = (sub: string, kid = 'one') =>
    new SignJWT({ sub, exp: seconds() + 60, stories: { s: 'write' } })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .sign(privateKey)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  const service = await startService({ ...(await anyPostgres().open()).env, AUTH_JWKS_URL: url })
  expect(await opening(service.collab, await sign('ana'))).toBe(1013)
  isAway = false
  await until('the keys to be known', async () => (await opening(service.collab, await sign('ana'))) === 0)
  isAway = true
  expect(await opening(service.collab, await sign('ben'))).toBe(0)
  const before = fetches
  for (let n = 0; n < 10; n++) expect(await opening(service.collab, await sign('ben', `unknown ${n}`))).toBe(4401)
  expect(fetches - before).toBeLessThanOrEqual(2)
  expect(await opening(service.collab, await sign('cleo'))).toBe(0)
})
