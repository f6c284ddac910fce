import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Excess, Limits } from '../../server/limits.ts'
import { Partials, type Receiving } from '../../server/partial.ts'
import { Budget, Rates } from '../../server/rates.ts'
import { SUBPROTOCOL } from '../../shared/protocol.ts'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { metric } from '../support/metrics.ts'
import { startService } from '../support/service.ts'
import { stockClient } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const start = async (env: Record<string, string> = {}) =>
  startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV, ...env })

const refusal = async (collab: string, room: string, token: string): Promise<{ code: number; text: string }> => {
  const client = new Client(collab, room, { token })
  client.connect()
  await until('the refusal', () => client.closings.length > 0)
  const { code, reason } = client.closings[0] as { code: number; reason: string }
  return { code, text: JSON.parse(reason).text }
}

describe('a budget', () => {
  it('lets a burst pass, then says how long to wait until what was sent is paid for', () => {
    const budget = new Budget({ messages: 100, bytes: 0 }, 0)
    for (let n = 0; n < 200; n++) expect(budget.take(10, 0)).toBe(0)
    for (let n = 0; n < 99; n++) budget.take(10, 0)
    expect(budget.take(10, 0)).toBe(1000)
    expect(budget.take(0, 400)).toBeCloseTo(600)
    expect(budget.take(0, 1000)).toBe(0)
    expect(budget.take(10, 1000)).toBeCloseTo(10)
  })

  it('waits for no more than 10 s, however much came at once, and for nothing where there is no rate', () => {
    const budget = new Budget({ messages: 100, bytes: 1000 }, 0)
    expect(budget.take(10_000_000, 0)).toBe(10_000)
    expect(budget.take(0, 10_001)).toBe(0)
    const free = new Budget({ messages: 0, bytes: 0 }, 0)
    expect(free.take(10_000_000, 0)).toBe(0)
  })
})

it('requests of a user count with what their sockets send, those of another do not, and time pays for all', () => {
  let now = 0
  const clock = { now: () => now, elapsed: () => now, after: () => () => undefined, turn: () => undefined }
  const rate = { messages: 10, bytes: 0 }
  const rates = new Rates({ socket: { messages: 0, bytes: 0 }, user: rate, room: rate }, clock)
  const socket = rates.enter('s/p', 'ana')
  for (let n = 0; n < 15; n++) expect(rates.request('ana', 5)).toBe(0)
  for (let n = 0; n < 10; n++) socket.take(5, false)
  expect(rates.request('ana', 5)).toBe(500)
  socket.end()
  expect(rates.request('ana', 5)).toBe(500)
  expect([rates.request('ben', 5), rates.request(null, 5)]).toEqual([0, 0])
  now = 600
  expect(rates.request('ana', 5)).toBe(0)
  now = 20_000
  rates.request('ben', 5)
  for (let n = 0; n < 20; n++) expect(rates.request('ana', 0)).toBe(0)
})

it('whoever leaves and comes again finds their budget as it was, until it must be full', () => {
  let now = 0
  const clock = { now: () => now, elapsed: () => now, after: () => () => undefined, turn: () => undefined }
  const none = { messages: 0, bytes: 0 }
  const rates = new Rates({ socket: none, user: { messages: 10, bytes: 0 }, room: none }, clock)
  const first = rates.enter('s/p', 'ana')
  for (let n = 0; n < 30; n++) first.take(5, false)
  expect(first.isFull).toBe(false)
  first.end()
  expect(rates.enter('s/p', 'ana').take(5, false)).toBe(1100)
  now = 12_000
  expect(first.isFull).toBe(true)
  expect(rates.enter('s/p', 'ana').take(5, false)).toBe(0)
})

describe('counting sockets', () => {
  const limits = { perUser: 2, perRoom: 3, perAddress: 4, roomsPerUser: 1 }
  const place = (roomId: string, user: string | null, address: string | null = '192.0.2.1') => ({
    roomId,
    user,
    address,
  })
  const nameOf = (answer: Excess | null) => answer?.counter ?? 'in'

  it('knows users, rooms, addresses and the rooms of a user, and forgets who leaves', () => {
    const counted = new Limits(limits)
    const seat = place('s/1', 'ana')
    expect(nameOf(counted.enter(seat))).toBe('in')
    expect(nameOf(counted.enter(place('s/2', 'ana')))).toBe('limit_user_rooms')
    expect(nameOf(counted.enter(seat))).toBe('in')
    expect(nameOf(counted.enter(place('s/1', 'ana')))).toBe('limit_user_sockets')
    expect(nameOf(counted.enter(place('s/1', null)))).toBe('in')
    expect(nameOf(counted.enter(place('s/1', 'ben')))).toBe('limit_room_sockets')
    expect(nameOf(counted.enter(place('s/3', null)))).toBe('in')
    expect(nameOf(counted.enter(place('s/3', null)))).toBe('limit_address_sockets')
    expect(nameOf(counted.enter(place('s/3', null, null)))).toBe('in')
    counted.leave(seat)
    counted.leave(seat)
    expect(nameOf(counted.enter(place('s/2', 'ana')))).toBe('in')
  })

  it('counts without end where the limit is 0', () => {
    const counted = new Limits({ perUser: 0, perRoom: 0, perAddress: 0, roomsPerUser: 0 })
    for (let n = 0; n < 1000; n++) expect(nameOf(counted.enter(place(`s/${n % 7}`, 'ana')))).toBe('in')
  })
})

it('half-received frames have a bound together, and the socket that holds most is cut', () => {
  const cut: string[] = []
  const partials = new Partials(100)
  const sockets = ['a', 'b', 'c'].map((name) => ({ cut: () => void cut.push(name) }))
  const [a, b, c] = sockets as [Receiving, Receiving, Receiving]
  partials.add(a, 30)
  partials.add(b, 50)
  partials.add(c, 20)
  expect(cut).toEqual([])
  partials.add(a, 1)
  expect([cut, partials.total]).toEqual([['b'], 51])
  partials.end(a)
  partials.end(b)
  expect(partials.total).toBe(20)
})

describe('limits of the service', () => {
  it('on sockets are told with 1013 and counted, each by its own name', async () => {
    const service = await start({
      MAX_USER_SOCKETS: '2',
      MAX_USER_PAGES: '1',
      MAX_PAGE_SOCKETS: '3',
      MAX_ADDRESS_SOCKETS: '1',
    })
    const stories = { '*': 'write' as const }
    const tokens = await Promise.all(['ana', 'ben', 'cleo'].map((user) => tokenOf(user, { stories })))
    const [ana, ben, cleo] = tokens as [string, string, string]
    for (const token of [ana, ana]) await connectClient(service.collab, 's/p', { token })
    expect(await refusal(service.collab, 's/p', ana)).toEqual({ code: 1013, text: 'you have too many sockets open' })
    const last = await connectClient(service.collab, 's/p', { token: ben })
    expect(await refusal(service.collab, 's/other', ben)).toEqual({ code: 1013, text: 'you have too many pages open' })
    expect(await refusal(service.collab, 's/p', cleo)).toEqual({ code: 1013, text: 'too many are on this page' })
    for (const name of ['user_sockets', 'user_rooms', 'room_sockets']) {
      expect([name, await metric(service.address, `limit_${name}`)]).toEqual([name, 1])
    }
    last.disconnect()
    await until('room for another', async () => (await refusalOrIn(service.collab, 's/p', cleo)) === 'in')
  })

  it('on the rate of a user answer their requests with 429 and a time, others and readers are served', async () => {
    const service = await start({ RATE_USER_MESSAGES: '1' })
    const stories = { s: 'manage' as const }
    const [ana, ben] = await Promise.all(['ana', 'ben'].map((user) => tokenOf(user, { stories })))
    const freeze = (token = '') => call(service.address, 'DELETE', '/stories/s/freeze', { token })
    const answers = await Promise.all(Array.from({ length: 20 }, () => freeze(ana)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(10)
    for (const { headers, body } of refused) {
      expect(headers.get('content-type')).toBe('application/problem+json')
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(body).toMatchObject({ status: 429, detail: expect.stringContaining('too fast') })
    }
    expect(await metric(service.address, 'rate_refusals')).toBe(refused.length)
    expect((await freeze(ben)).status).toBe(200)
    for (let n = 0; n < 5; n++) {
      expect((await call(service.address, 'GET', '/stories', { token: ana ?? '' })).status).toBe(200)
    }
  })

  it('on the size of a page refuse what would make it larger; what it holds is still read', async () => {
    const service = await start({ MAX_PAGE_BYTES: '20000' })
    const token = await tokenOf('ana', { stories: { '*': 'write' } })
    const client = await connectClient(service.collab, 's/p', { token })
    client.edit('small', (doc) => doc.getText('text').insert(0, 'x'.repeat(15_000)))
    await client.settled()
    client.edit('large', (doc) => doc.getText('text').insert(0, 'y'.repeat(10_000)))
    await client.settled()
    expect(client.refusals).toMatchObject([{ code: 'too-large', reason: 'a page may have 20000 bytes' }])
    expect(await metric(service.address, 'limit_page_bytes')).toBe(1)
    const other = await connectClient(service.collab, 's/p', { token })
    other.edit('smaller', (doc) => doc.getText('text').delete(0, 100))
    await other.settled()
    expect(other.refusals).toEqual([])
    const stock = stockClient(service.collab, 's/p', { params: { token }, version: '1.x' })
    await stock.synced()
    expect(stock.doc.getText('text').length).toBe(14_900)
  })

  it('on headers are answered with 431, and the service goes on', async () => {
    const service = await start({ MAX_HEADER_BYTES: '4096' })
    const port = Number(new URL(service.address).port)
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(5000)}\r\n\r\n`),
      )
      let text = ''
      socket.on('data', (data) => {
        text += data
      })
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
    expect(answer).toContain('431')
    expect(await metric(service.address, 'limit_header_bytes')).toBe(1)
    expect((await fetch(`${service.address}/healthz`)).status).toBe(200)
  })

  it('on half-received frames hold for all sockets together, and whoever holds least goes on', async () => {
    const service = await start({ MAX_PARTIAL_BYTES: '2097152', MAX_SYNC_BYTES: '2097152' })
    const token = await tokenOf('ana', { stories: { '*': 'write' } })
    const witness = await connectClient(service.collab, 's/p', { token })
    const halves = await Promise.all(Array.from({ length: 4 }, () => halfFrame(service.collab, token, 1_000_000)))
    await until('somebody to be cut', () => halves.some(({ codes }) => codes.length > 0))
    witness.edit('x', (doc) => doc.getText('text').insert(0, 'still here'))
    await witness.settled()
    expect(await metric(service.address, 'limit_partial_bytes')).toBeGreaterThan(0)
    expect(halves.flatMap(({ codes }) => codes).every((code) => code === 1013 || code === 1006)).toBe(true)
    for (const { socket } of halves) socket.terminate()
  })
})

const refusalOrIn = async (collab: string, room: string, token: string): Promise<string> => {
  const client = new Client(collab, room, { token })
  client.connect()
  await until('an answer', () => client.isSynced || client.closings.length > 0)
  const answer = client.isSynced ? 'in' : 'refused'
  client.disconnect()
  return answer
}

/** Sends the first `bytes` of a frame of 2 MB, and no more. */
const halfFrame = async (collab: string, token: string, bytes: number) => {
  const socket = new WebSocket(`${collab}/s/p`, [SUBPROTOCOL], { headers: { authorization: `Bearer ${token}` } })
  const codes: number[] = []
  socket.on('error', () => undefined)
  socket.on('close', (code) => codes.push(code))
  await until('the socket', () => socket.readyState === WebSocket.OPEN)
  const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x1f, 0, 0, 1, 2, 3, 4])
  const { _socket: net } = socket as unknown as { _socket: { write(data: Uint8Array): void } }
  net.write(Buffer.concat([header, Buffer.alloc(bytes)]))
  return { socket, codes }
}
