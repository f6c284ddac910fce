/** Sockets that do not behave: silent, slow, huge, never reading, or too fast. */
import { deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { Sync, syncMessage } from '../../shared/protocol.ts'
import { type Client, connectClient } from '../support/client.ts'
import { frame, type RawSocket, rawConnection, rawSocket } from '../support/raw-socket.ts'
import { tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import { memoryReturns, path, ROOM, refusedBy, scene, stillWell } from './scene.ts'

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
