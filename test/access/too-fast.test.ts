/** Clients that send too fast, and clients that are refused: slowed, and never in a loop. */
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { connectClient } from '../support/client.ts'
import { metric } from '../support/metrics.ts'
import { startService } from '../support/service.ts'
import { readAfresh, type StockVersion, stockClient, stockVersions } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { seconds, TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const start = async (env: Record<string, string> = {}) =>
  startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV, ...env })

describe('whoever is too fast', () => {
  it('is slowed and never cut: more than 5,000 updates a second with default settings, all of them saved', async () => {
    const service = await start()
    const token = await tokenOf('ana', { stories: { '*': 'write' } })
    const client = await connectClient(service.collab, 's/p', { token })
    const updates: Uint8Array[] = []
    const doc = new Y.Doc()
    doc.on('update', (update: Uint8Array) => updates.push(update))
    for (let n = 0; n < 15_000; n++) doc.getText('text').insert(n, 'x')
    for (const update of updates) client.sendUpdate(update)
    await client.settled(50_000)
    expect(client.closings).toEqual([])
    expect(client.refusals).toEqual([])
    expect(await metric(service.address, 'rate_pauses')).toBeGreaterThan(0)
    expect(await metric(service.address, 'rate_closes')).toBe(0)
    expect((await readAs(service.collab, token)).getText('text').length).toBe(15_000)
  })

  it('slows others of the same page no more than the page’s own rate asks for', async () => {
    const service = await start({ RATE_SOCKET_MESSAGES: '100' })
    const stories = { '*': 'write' as const }
    const [fast, calm] = await Promise.all([tokenOf('ana', { stories }), tokenOf('ben', { stories })])
    const flood = await connectClient(service.collab, 's/p', { token: fast })
    const witness = await connectClient(service.collab, 's/p', { token: calm })
    for (let n = 0; n < 1000; n++) flood.edit('', (doc) => doc.getText('text').insert(0, 'x'))
    witness.edit('calm', (doc) => doc.getMap('map').set('calm', true))
    await witness.settled()
    expect(flood.isSettled).toBe(false)
  })
})

const readAs = async (collab: string, token: string): Promise<Y.Doc> => {
  const client = stockClient(collab, 's/p', { params: { token } })
  await client.synced()
  client.destroy()
  return client.doc
}

describe('an honest client does not loop, whatever its version,', () => {
  it('with an expired token: less than one attempt in two seconds', async () => {
    const service = await start()
    const token = await tokenOf('ana', { stories: { '*': 'write' }, now: seconds() - 3600, ttl: 60 })
    await Promise.all(
      stockVersions.map((version) => expectCalm(service.collab, `s/${version}`, { token }, version, 4401)),
    )
  })

  it('when its update was refused for good', async () => {
    const service = await start({ MAX_PAGE_BYTES: '5000' })
    const token = await tokenOf('ana', { stories: { '*': 'write' } })
    const tooLarge = (version: StockVersion) => {
      const doc = new Y.Doc()
      doc.getText('text').insert(0, 'x'.repeat(10_000))
      return expectCalm(service.collab, `s/${version}`, { token }, version, 4413, doc)
    }
    await Promise.all(stockVersions.map(tooLarge))
  })
})

/** Three attempts take 4 s or more; 3.x takes the code for an answer and makes one. */
const expectCalm = async (
  collab: string,
  room: string,
  params: Record<string, string>,
  version: StockVersion,
  expected: number,
  doc = new Y.Doc(),
): Promise<void> => {
  const attempts: number[] = []
  const codes: number[] = []
  class Counted extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols)
      attempts.push(performance.now())
      this.on('close', (code) => codes.push(code))
    }
  }
  const client = stockClient(collab, room, { version, params, doc, WebSocketPolyfill: Counted })
  await until('the refusals', () => (version === '3.x' ? codes.length === 1 : attempts.length === 3))
  const elapsed = performance.now() - (attempts[0] ?? 0)
  client.destroy()
  expect(codes.every((code) => code === expected)).toBe(true)
  expect(elapsed).toBeGreaterThanOrEqual(2000 * Math.max(1, attempts.length - 1) - 50)
}

it('in open mode nothing of this is in the way of a class that types', async () => {
  const service = await startService((await anyPostgres().open()).env)
  const clients = await Promise.all(Array.from({ length: 30 }, () => connectClient(service.collab, 's/p')))
  for (let n = 0; n < 20; n++) {
    for (const client of clients) client.edit('', (doc) => doc.getText('text').insert(0, 'x'))
  }
  await Promise.all(clients.map((client) => client.settled()))
  expect(await metric(service.address, 'rate_pauses')).toBe(0)
  expect((await readAfresh(service.collab, 's/p')).getText('text').length).toBe(600)
})
