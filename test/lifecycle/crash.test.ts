import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { connectClient } from '../support/client.ts'
import { metric } from '../support/metrics.ts'
import { startService, temporaryFolder } from '../support/service.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** Has the service throw from nowhere when it is sent SIGUSR2: no input is known that would. */
const mine = (what: string): string => {
  const file = join(temporaryFolder('mine'), 'mine.mjs')
  writeFileSync(file, `process.on('SIGUSR2', () => { ${what} })`)
  return `--import=${file}`
}

describe.each([
  ['an error that nobody catches', 'setImmediate(() => { throw new Error(process.env.AUTH_JWT_SECRET) })'],
  ['a rejection that nobody handles', 'void Promise.reject(new Error(process.env.AUTH_JWT_SECRET))'],
])('%s', (_what, code) => {
  it('drains: clients are told to come again, all that was written is kept, the exit code is 1, no secret is printed', async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, ...TOKEN_ENV, NODE_OPTIONS: mine(code) })
    const token = await tokenOf('ana', { stories: { '*': 'write' } })
    const client = await connectClient(service.collab, 's/p', { token })
    for (let n = 0; n < 50; n++) client.edit(String(n), (doc) => doc.getText('text').insert(0, 'x'))
    await until('the first to be saved', () => client.saved > 0)
    service.signal('SIGUSR2')
    expect(await service.ended).toEqual({ code: 1, signal: null })
    expect(client.closings[0]?.code).toBe(1012)
    const kept = (await foldOf(store, 's/p')).getText('text').length
    expect(kept).toBeGreaterThanOrEqual(client.acknowledged.size)
    expect(service.log()).toContain('was not')
    expect(service.log()).not.toContain(TOKEN_ENV.AUTH_JWT_SECRET)
    expect(service.log()).not.toContain(token)
  })
})

it('with its heap nearly full it lets go of pages that nobody has open, opens no more, and goes on serving', async () => {
  const store = await anyPostgres().open()
  const hold = mine(`
    const { getHeapStatistics } = process.getBuiltinModule('node:v8')
    globalThis.held = []
    // Topped up, because what is collected meanwhile was not held; numbers, because they cost the collector nothing.
    setInterval(() => {
      const { used_heap_size, heap_size_limit } = getHeapStatistics()
      if (used_heap_size < heap_size_limit * 0.88) globalThis.held.push(new Array(250000).fill(0.5))
    }, 5)
  `)
  const service = await startService({ ...store.env, NODE_OPTIONS: `${hold} --max-old-space-size=512` })
  const stays = await connectClient(service.collab, 's/stays')
  const leaves = await connectClient(service.collab, 's/leaves')
  for (const client of [stays, leaves]) {
    client.edit('x', (doc) => doc.getText('text').insert(0, 'x'.repeat(1000)))
    await client.settled()
  }
  leaves.disconnect()
  service.signal('SIGUSR2')
  await until('the page that nobody has open to be let go', async () => (await metric(service.address, 'rooms')) === 1)
  stays.edit('more', (doc) => doc.getText('text').insert(0, 'y'))
  await stays.settled()
  leaves.connect()
  await until('the answer', () => leaves.closings.length > 0)
  expect(leaves.closings[0]?.code).toBe(1013)
  expect(await metric(service.address, 'limit_memory')).toBeGreaterThan(0)
})
