import type { ClientRequest } from 'node:http'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../shared/protocol.ts'
import { connectClient } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { type StockVersion, stockClient, stockVersions } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const BAD = [
  '/collab/story/..',
  '/collab/../page',
  '/collab/story/%2e%2e',
  '/collab/%2E%2E/page',
  '/collab/story/.',
  '/collab/story/a%00b',
  '/collab/story/%0a',
  '/collab/story/%2f',
  '/collab/story/%',
  '/collab/story/%ff',
  '/collab/story/',
  '/collab/story',
  '/collab/',
  '/collab/story/page/more',
  `/collab/story/${'x'.repeat(129)}`,
  `/collab/story/${'x'.repeat(10_000)}`,
]

/** Opens a socket at exactly this path: a URL would have been tidied first. */
const closingOf = (address: string, path: string): Promise<{ readonly code: number; readonly reason: string }> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(address.replace('http', 'ws'), [SUBPROTOCOL], {
      finishRequest: (request: ClientRequest) => {
        request.path = path
        request.end()
      },
    })
    socket.on('error', reject)
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })

it('a name that may not be is refused with 4400 and a reason a machine can read', async () => {
  const store = await anyPostgres().open()
  const service = await startService(store.env)
  for (const path of BAD) {
    const { code, reason } = await closingOf(service.address, path)
    expect([path.slice(0, 40), code]).toEqual([path.slice(0, 40), 4400])
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(120)
    expect(JSON.parse(reason)).toMatchObject({ code: 4400, text: expect.any(String) })
  }
  expect(await store.query('SELECT room_id FROM scriptorium.room')).toEqual([])
})

it('a name of 128 bytes, percent-encoded or not, is a name', async () => {
  const store = await anyPostgres().open()
  const service = await startService(store.env)
  const name = `${'ü'.repeat(63)} é`.slice(0, 64)
  const client = await connectClient(service.collab, `${encodeURIComponent(name)}/${'y'.repeat(128)}`)
  client.edit('x', (doc) => doc.getText('text').insert(0, 'x'))
  await client.settled()
  expect(await store.query('SELECT story, page FROM scriptorium.room')).toEqual([
    { story: name, page: 'y'.repeat(128) },
  ])
})

it('a refused stock client is held in silence, whatever its version: less than one attempt in 2 s', async () => {
  const service = await startService((await anyPostgres().open()).env)
  await Promise.all(stockVersions.map((version) => expectHeld(service.collab, version)))
})

const expectHeld = async (collab: string, version: StockVersion): Promise<void> => {
  const attempts: number[] = []
  const codes: number[] = []
  let heard = 0
  class Counted extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols)
      attempts.push(performance.now())
      this.on('message', () => {
        heard++
      })
      this.on('close', (code) => codes.push(code))
    }
  }
  // A page each: refusals are held by address and page.
  const client = stockClient(collab, `story/${version}%00b`, { version, WebSocketPolyfill: Counted })
  // 3.x takes 4400 for an answer and stops.
  await until('the refusals', () => (version === '3.x' ? codes.length === 1 : attempts.length === 3))
  const elapsed = performance.now() - (attempts[0] ?? 0)
  client.destroy()
  expect(codes.every((code) => code === 4400)).toBe(true)
  expect(elapsed).toBeGreaterThanOrEqual(2000 * Math.max(1, attempts.length - 1) - 50)
  expect(heard).toBe(0)
}
