import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { proofOf } from '../../server/cluster/proof.ts'
import { atRandom, startBalancer } from '../support/balancer.ts'
import { metric } from '../support/metrics.ts'
import { seededRandom } from '../support/random.ts'
import { rawSocket } from '../support/raw-socket.ts'
import { expectNothingLost } from '../support/typists.ts'
import { until } from '../support/until.ts'
import { moreThan, NODE_SECRET, Nodes, ROOMS, typing } from './nodes.ts'

const CLOSE_FRAME = 0x88
const LONG = { timeout: 300_000 }

/** Opens a WebSocket at one node. @returns how it ended, or `open` */
const knock = (
  address: string,
  room: string,
  headers: Record<string, string> = {},
  { stays = true } = {},
): Promise<string> =>
  new Promise((resolve) => {
    const key = headers['sec-websocket-key'] ?? randomBytes(16).toString('base64')
    const asked = request(`${address}/collab/${room}`, {
      agent: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-protocol': 'scriptorium.v1',
        'sec-websocket-key': key,
        ...headers,
      },
    })
    asked.on('response', (answer) => resolve(String(answer.statusCode)))
    asked.on('upgrade', (_answer, socket, first) => {
      onTestFinished(() => void socket.destroy())
      const judge = (bytes: Buffer) => {
        if (bytes.length === 0) return
        resolve(bytes[0] === CLOSE_FRAME ? `closed ${bytes.readUInt16BE(2)}` : 'open')
        if (!stays) socket.destroy()
      }
      judge(first)
      socket.on('data', judge).on('error', () => socket.destroy())
    })
    asked.on('error', () => resolve('lost'))
    asked.end()
  })

const proven = (room: string, client: string, secret: string): Record<string, string> => {
  const headers = { 'sec-websocket-key': randomBytes(16).toString('base64') }
  const [proof = '', value = '', name = '', address = ''] = proofOf(
    secret,
    { url: `/collab/${room}`, headers },
    client,
    Date.now(),
  )
  return { ...headers, [proof]: value, [name]: address }
}

describe('three nodes that reach each other, behind a balancer that chooses at random,', () => {
  it('serve each page from its owner, and go on without one that dies or does not answer', LONG, async () => {
    const random = seededRandom()
    const nodes = await Nodes.start(3, { TRUSTED_PROXIES: '127.0.0.1', MAX_ADDRESS_SOCKETS: '3' })
    const balancer = await startBalancer(nodes.addresses, atRandom(random))
    const typists = typing(balancer.collab, ROOMS, random)
    await moreThan(typists, 300)
    await nodes.home()
    expect(await nodes.sum('pipes')).toBeGreaterThan(0)
    expect(await nodes.sum('pipes_failed')).toBe(0)

    const room = 'book/asked-for'
    await nodes.create(room)
    const owner = nodes.ownerOf(room)
    const [one = 0, other = 0] = [0, 1, 2].filter((node) => node !== owner)
    const at = (node: number) => nodes.addresses[node] ?? ''
    await expectProofs(nodes, room, at(one), at(other), at(owner))

    nodes.services[owner]?.signal('SIGSTOP')
    expect(await knock(at(one), room)).toBe('open')
    const unanswered = () => metric(at(one), 'pipes_failed')
    await until('somebody to come for whom the silent node is not asked', async () => {
      const before = await unanswered()
      expect(await knock(at(one), room)).toBe('open')
      return (await unanswered()) === before
    })
    nodes.services[owner]?.signal('SIGCONT')
    await nodes.home()

    await nodes.services[owner]?.kill('SIGKILL')
    await moreThan(typists, 100)
    await nodes.startOne(owner)
    await nodes.home()
    await moreThan(typists, 100)
    await expectNothingLost(typists, balancer.collab)
    typists.disconnect()
    await nodes.stop()
  })
})

it('a socket that cannot be passed on is served where it came', async () => {
  const nodes = await Nodes.start(2)
  // Ports decide who owns what: of a dozen pages one node may have all.
  const room = Array.from({ length: 100 }, (_, n) => `book/${n}`).find((name) => nodes.ownerOf(name) === 1) ?? ''
  const [one = ''] = nodes.addresses
  await until('a socket to be passed on', async () => {
    await knock(one, room)
    return (await nodes.sum('pipes')) > 0
  })
  // Node.js does not send this header where no body is sent in chunks.
  await rawSocket(one, `/collab/${room}`, { headers: ['Trailer: x-checksum'] })
  expect(await metric(one, 'pipes_failed')).toBe(1)
  await nodes.stop()
})

/** Who says for whom a socket is passed on is believed with the proof alone, and what came so is passed on no more. */
const expectProofs = async (nodes: Nodes, room: string, one: string, other: string, owner: string): Promise<void> => {
  const from = (client: string) => ({ 'x-forwarded-for': client })
  for (const address of [one, other, owner]) expect(await knock(address, room, from('203.0.113.9'))).toBe('open')
  for (const address of [one, other]) expect(await knock(address, room, from('203.0.113.9'))).toBe('closed 1013')
  expect(await knock(one, room, from('203.0.113.8'))).toBe('open')

  let client = 100
  // A node soon sends those home whose page lives elsewhere: it may have done so before it is asked.
  await until('a socket with a proof to be served where it came', async () => {
    expect(await knock(one, room, proven(room, `203.0.113.${client++}`, NODE_SECRET))).toBe('open')
    return ((await nodes.members()).get(room)?.[nodes.addresses.indexOf(one)] ?? 0) > 0
  })
  expect(await knock(owner, room, proven(room, '203.0.113.7', 'another secret, as long as the one'))).toBe('403')
  expect(await knock(owner, room, proven('book/other', '203.0.113.7', NODE_SECRET))).toBe('403')
  expect(await knock(owner, room, { 'x-scriptorium-client': '203.0.113.7' })).toBe('403')
}
