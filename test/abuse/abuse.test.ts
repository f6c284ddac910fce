/** Crowds, and floods of frames. */
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../shared/protocol.ts'
import { leaveOut } from '../support/left-out.ts'
import { metric } from '../support/metrics.ts'
import { frame, rawSocket } from '../support/raw-socket.ts'
import { isFull } from '../support/size.ts'
import { until } from '../support/until.ts'
import { memoryReturns, path, ROOM, scene, stillWell } from './scene.ts'

const STRANGERS = isFull ? 10_000 : 800
const TINY = isFull ? 100_000 : 12_000
if (!isFull)
  leaveOut(`abuse: ${STRANGERS} strangers and ${TINY} tiny frames instead of 10,000 and 100,000: npm run test:full`)

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
