import { expect, it, onTestFinished } from 'vitest'
import { call } from '../support/api.ts'
import { connectClient } from '../support/client.ts'
import { createPostgres } from '../support/postgres.ts'
import { type Service, startService } from '../support/service.ts'
import { postgresStoreAt } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const stories = { s: 'write' as const }

it('rights that were changed stay so when the database is put back in time, and new changes reach every process', {
  timeout: 120_000,
}, async () => {
  const postgres = await createPostgres()
  onTestFinished(postgres.remove)
  const store = postgresStoreAt(postgres.url)
  const services = await Promise.all([0, 1].map(() => startService({ ...store.env, ...TOKEN_ENV })))
  const [one, two] = services as [Service, Service]
  const token = await tokenOf('boss', { isAdmin: true })
  const revoke = (user: string) => call(one.address, 'POST', '/admin/revoke', { token, body: { user } })
  const statusOf = async (user: string, at: string) =>
    (await call(at, 'GET', '/stories/s/pages/p', { token: tokens.get(user) ?? '' })).status
  const tokens = new Map<string, string>()
  for (const user of ['ana', 'ben', 'cai', 'dee']) tokens.set(user, await tokenOf(user, { stories }))
  const cai = await connectClient(two.collab, 's/p', { token: tokens.get('cai') })
  cai.edit('words', (doc) => doc.getText('t').insert(0, 'here'))
  await cai.settled()
  expect((await revoke('dee')).body.silent).toBe(0)
  const copy = await postgres.keepCopy()
  await until('ana and ben to be revoked', async () => {
    const answers = [await revoke('ana'), await revoke('ben')]
    return answers.every(({ status }) => status === 200)
  })
  await postgres.goBack(copy)

  await until('cai to be revoked', async () => (await revoke('cai')).status === 200)
  await until('her socket to be closed', () => cai.closings.some(({ code }) => code === 4401))
  for (const { address } of services) {
    for (const user of tokens.keys()) expect(await statusOf(user, address), user).toBe(401)
  }
  const late = await startService({ ...store.env, ...TOKEN_ENV })
  await until('the rights to be there again', async () => (await statusOf('ana', late.address)) === 401)
  for (const user of tokens.keys()) expect(await statusOf(user, late.address), user).toBe(401)
  await Promise.all([...services, late].map((service) => service.stop()))
})
