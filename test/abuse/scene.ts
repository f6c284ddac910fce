/** A service under attack, and a few who write there in peace meanwhile. */
import { expect } from 'vitest'
import { type Client, connectClient } from '../support/client.ts'
import type { RawSocket } from '../support/raw-socket.ts'
import { type Service, startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** What memory may keep once an attack is over: buffers that the allocator has not given back. */
const KEPT = 150_000_000
export const ROOM = 's/p'

export interface Scene {
  readonly service: Service
  readonly token: string
  readonly healthy: readonly Client[]
  /** Milliseconds from an edit to its acknowledgement, since the last look. */
  readonly latencies: number[]
  readonly before: number
}

/** A service and a few who write there in peace. */
export const scene = async (env: Record<string, string> = {}): Promise<Scene> => {
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
export const stillWell = async (what: string, { service, healthy, latencies }: Scene): Promise<void> => {
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

/** Waits until what an attack took is given back. */
export const memoryReturns = ({ service, before }: Scene): Promise<unknown> =>
  until('memory to return', () => service.memory() - before < KEPT, { withinMs: 40_000 })

/** Where somebody with a token knocks. */
export const path = ({ token }: Scene): string => `/collab/${ROOM}?token=${token}`

/** Waits until all of them are closed. */
export const refusedBy = async (attackers: readonly RawSocket[]): Promise<void> => {
  await until('the attackers to be closed', () => attackers.every((each) => each.closed() || each.closeCode() !== null))
}
