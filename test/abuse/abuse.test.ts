import { deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { SUBPROTOCOL, Sync, syncMessage } from '../../shared/protocol.ts'
import { type Client, connectClient } from '../support/client.ts'
import { leaveOut } from '../support/left-out.ts'
import { metric } from '../support/metrics.ts'
import { frame, type RawSocket, rawConnection, rawSocket } from '../support/raw-socket.ts'
import { type Service, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const STRANGERS = isFull ? 10_000 : 800
const TINY = isFull ? 100_000 : 12_000
if (!isFull)
  leaveOut(`abuse: ${STRANGERS} strangers and ${TINY} tiny frames instead of 10,000 and 100,000: npm run test:full`)
/** What memory may keep once an attack is over: buffers that the allocator has not given back. */
const KEPT = 150_000_000
const ROOM = 's/p'

interface Scene {
  readonly service: Service
  readonly token: string
  readonly healthy: readonly Client[]
  /** Milliseconds from an edit to its acknowledgement, since the last look. */
  readonly latencies: number[]
  readonly before: number
}

/** A service and a few who write there in peace. */
const scene = async (env: Record<string, string> = {}): Promise<Scene> => {
  const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV, ...env })
  const token = await tokenOf('mallory', { stories: { '*': 'write' } })
  const healthy = await Promise.all(
    ['ana', 'ben', 'cleo'].map(async (user) =>
      connectClient(service.collab, ROOM, { token: await tokenOf(user, { stories: { s: 'write' } }) }),
    ),
  )
  const opened = { service, token, healthy, latencies: [], before: service.memory() }
  await stillWell('before', opened)
  return opened
}

/** Everybody writes, is acknowledged and reads the others; prints how long it took. */
const stillWell = async (what: string, { service, healthy, latencies }: Scene): Promise<void> => {
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      healthy.map(async (client) => {
        const began = performance.now()
        client.edit(`${what} ${round}`, (doc) => doc.getText('text').insert(0, 'x'))
        await client.settled()
        latencies.push(performance.now() - began)
      }),
    )
  }
  const length = healthy.reduce((most, { doc }) => Math.max(most, doc.getText('text').length), 0)
  await until('all to read all', () => healthy.every(({ doc }) => doc.getText('text').length >= length))
  for (const { closings } of healthy) expect(closings).toEqual([])
  const sorted = latencies.splice(0).sort((one, other) => one - other)
  const megabytes = (service.memory() / 1e6).toFixed(0)
  process.stdout.write(
    `${what}: p50 ${sorted[sorted.length >> 1]?.toFixed(1)} ms, worst ${sorted.at(-1)?.toFixed(1)} ms, ${megabytes} MB\n`,
  )
}

const memoryReturns = ({ service, before }: Scene): Promise<unknown> =>
  until('memory to return', () => service.memory() - before < KEPT, { withinMs: 40_000 })

const path = ({ token }: Scene): string => `/collab/${ROOM}?token=${token}`

const refusedBy = async (attackers: readonly RawSocket[]): Promise<void> => {
  await until('the attackers to be closed', () => attackers.every((each) => each.closed() || each.closeCode() !== null))
}

it(`${STRANGERS} sockets without a token are refused, and cost those who write nothing`, {
  timeout: 300_000,
}, async () => {
  const here = await scene()
  const codes: number[] = []
  let opened = 0
  for (let n = 0; n < STRANGERS; n++) {
    const socket = new WebSocket(`${here.service.collab}/${ROOM}`, [SUBPROTOCOL])
    opened++
    socket.on('error', () => undefined)
    socket.on('close', (code) => codes.push(code))
    if (n % 100 === 99) await until('the last ones to be answered', () => opened - codes.length < 300)
  }
  await until('all to be refused', () => codes.length === STRANGERS, { withinMs: 120_000 })
  expect(codes.filter((code) => code !== 4401 && code !== 1006)).toEqual([])
  await stillWell(`${STRANGERS} strangers`, here)
  await memoryReturns(here)
})

it('stock clients without a token are held in silence, at most 1,000 of them, and let go', {
  timeout: 120_000,
}, async () => {
  const here = await scene()
  const held = await Promise.all(
    Array.from({ length: 300 }, () => rawSocket(here.service.address, `/collab/${ROOM}`, { protocols: [] })),
  )
  await stillWell('300 held', here)
  await refusedBy(held)
  expect(held.every((each) => each.closed() || each.closeCode() === 4401)).toBe(true)
  await memoryReturns(here)
})

it('slow handshakes and frames of one byte a second disturb nobody', { timeout: 120_000 }, async () => {
  const here = await scene()
  const slow = Array.from({ length: 200 }, () => rawConnection(here.service.address))
  const trickling = await Promise.all(Array.from({ length: 50 }, () => rawSocket(here.service.address, path(here))))
  const bytes = frame(new Uint8Array(1000))
  let at = 0
  const timer = setInterval(() => {
    for (const net of slow) net.write('G')
    for (const { net } of trickling) net.write(bytes.subarray(at, at + 1))
    at++
  }, 1000)
  try {
    for (let round = 0; round < 3; round++) await stillWell('slow handshakes and bytes', here)
    await until('the handshakes to be cut', () => slow.every(({ destroyed }) => destroyed), { withinMs: 60_000 })
    await stillWell('after slow handshakes', here)
  } finally {
    clearInterval(timer)
  }
})

it(`${TINY} tiny frames of one socket are read at the pace that is allowed, and nobody waits for them`, {
  timeout: 120_000,
}, async () => {
  const here = await scene()
  const flood = await rawSocket(here.service.address, path(here))
  const empty = frame(Uint8Array.from([1, 1, 0]))
  flood.net.write(Buffer.concat(Array.from({ length: TINY }, () => empty)))
  await stillWell('tiny frames', here)
  expect(await metric(here.service.address, 'rate_pauses')).toBeGreaterThan(0)
  flood.net.destroy()
  await memoryReturns(here)
})

it('a message in 200,000 fragments, a frame of 64 MB and a compressed one end their sockets', {
  timeout: 120_000,
}, async () => {
  const here = await scene()
  const [fragments, huge, bomb] = await Promise.all([0, 1, 2].map(() => rawSocket(here.service.address, path(here))))
  const more = frame(new Uint8Array([0]), { opcode: 0, isFinal: false })
  fragments?.net.write(frame(new Uint8Array([0]), { isFinal: false }))
  for (let n = 0; n < 20; n++) fragments?.net.write(Buffer.concat(Array.from({ length: 10_000 }, () => more)))
  huge?.net.write(frame(new Uint8Array(100), { length: 64_000_000 }))
  bomb?.net.write(frame(deflateRawSync(new Uint8Array(30_000_000)), { isCompressed: true }))
  await refusedBy([fragments, huge, bomb] as RawSocket[])
  expect(huge?.closeCode()).toBe(1009)
  expect(bomb?.closeCode()).toBe(1002)
  await stillWell('fragments, 64 MB, a zip bomb', here)
  await memoryReturns(here)
})

it('a reader that never reads holds up nobody in a room of fifty, and no memory', { timeout: 180_000 }, async () => {
  const here = await scene()
  const reader = await rawSocket(here.service.address, path(here))
  reader.net.pause()
  const stories = { '*': 'write' as const }
  const room = await Promise.all(
    Array.from({ length: 47 }, async (_, n) =>
      connectClient(here.service.collab, ROOM, { token: await tokenOf(`member ${n}`, { stories }) }),
    ),
  )
  const writer = room[0] as Client
  for (let n = 0; n < 40; n++) {
    writer.edit(`large ${n}`, (doc) => doc.getMap('large').set('text', `${n}`.repeat(250_000)))
    await writer.settled()
  }
  await stillWell('one who never reads', here)
  expect(here.service.memory() - here.before).toBeLessThan(400_000_000)
  for (const client of room) client.disconnect()
  reader.net.destroy()
})

it('ten thousand updates a second of one client reach the page at its pace, and the others write on', {
  timeout: 120_000,
}, async () => {
  const here = await scene()
  const flood = await rawSocket(here.service.address, path(here))
  const doc = new Y.Doc()
  const frames: Buffer[] = []
  doc.on('update', (update: Uint8Array) => frames.push(frame(syncMessage(Sync.update, update))))
  for (let n = 0; n < 20_000; n++) doc.getText('flood').insert(0, 'x')
  const all = Buffer.concat(frames)
  const began = performance.now()
  flood.net.write(all)
  await stillWell('10,000 updates a second', here)
  process.stdout.write(`  of which the first round trips took ${(performance.now() - began).toFixed(0)} ms\n`)
  await until(
    'all of it to be read',
    () => here.healthy.every((client) => client.doc.getText('flood').length === 20_000),
    {
      withinMs: 60_000,
    },
  )
  expect(flood.closed()).toBe(false)
  await memoryReturns(here)
})
