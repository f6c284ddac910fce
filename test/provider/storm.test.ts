/** Everybody comes back after a restart: all are served soon, and nobody is trampled. */
import { describe, expect, it } from 'vitest'
import { connect, type Provider } from '../../shared/provider/provider.ts'
import { hurried } from '../support/hurried.ts'
import { leaveOut } from '../support/left-out.ts'
import { metric } from '../support/metrics.ts'
import { openSocket } from '../support/provider.ts'
import { AT_FULL_SPEED, type Service, startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const PROVIDERS = Number(process.env.SCRIPTORIUM_PROVIDERS ?? 50)
const PAGE_PROVIDERS = 10
/** How many times faster the clock of a few goes: their waits are the same. */
const SPEED = PROVIDERS < 1000 ? 10 : 1
const OPENED_AT_ONCE = 200
const WITHIN_MS = 60_000
/** Of one provider, in a minute. */
const MOST_ATTEMPTS = 16

if (PROVIDERS < 10_000) {
  leaveOut(`provider: ${PROVIDERS} providers come back at once instead of 10,000 (npm run prove -- provider-storm)`)
}

/** The most of `attempts` within so long. */
const mostWithin = (ms: number, attempts: readonly number[]): number => {
  let most = 0
  let from = 0
  for (const [to, at] of attempts.entries()) {
    while ((attempts[from] as number) < at - ms) from++
    most = Math.max(most, to - from + 1)
  }
  return most
}

describe('providers after a restart', () => {
  it(`are all synced within ${WITHIN_MS / 1000} s (${PROVIDERS} of them)`, { timeout: 600_000 }, async () => {
    const store = await anyPostgres().open()
    const env = { ...store.env, ...AT_FULL_SPEED, LOG_LEVEL: 'error' }
    let service: Service = await startService(env)
    const attempts: number[] = []
    const attemptsOf: number[][] = Array.from({ length: PROVIDERS }, () => [])
    const providers: Provider[] = []
    try {
      for (let n = 0; n < PROVIDERS; n++) {
        const open = (url: string, protocols: string[]) => {
          attempts.push(performance.now())
          attemptsOf[n]?.push(performance.now())
          return openSocket(url, protocols)
        }
        const page = `p${Math.floor(n / PAGE_PROVIDERS)}`
        const ports = { ...hurried(SPEED), openSocket: open, signals: () => () => undefined }
        providers.push(connect({ url: service.collab, story: 'storm', page, ports }))
        if (providers.length % OPENED_AT_ONCE > 0) continue
        await until('those to be there', () => providers.every(({ synced }) => synced), { withinMs: WITHIN_MS })
      }
      await until('all to be there', () => providers.every(({ synced }) => synced), { withinMs: WITHIN_MS })
      for (const end of ['SIGTERM', 'SIGKILL'] as const) {
        attempts.length = 0
        for (const each of attemptsOf) each.length = 0
        const endedAt = performance.now()
        await service.kill(end)
        await until('all to know', () => providers.every(({ synced }) => !synced), { withinMs: WITHIN_MS })
        // Whoever was away writes too.
        for (const provider of providers.slice(0, Math.ceil(PROVIDERS / 100))) provider.doc.getMap('map').set(end, 1)
        service = await startService({ ...env, PORT: new URL(service.address).port })
        const backAt = performance.now()
        const isBack = ({ synced, state }: Provider) => synced && state.saved.state === 'saved'
        await until('all to be back', () => providers.every(isBack), { withinMs: WITHIN_MS })
        const took = performance.now() - backAt
        const busiest = mostWithin(1000, attempts)
        const refused = await metric(service.address, 'limit_waiting_sockets')
        const most = Math.max(...attemptsOf.map((each) => mostWithin(60_000 / SPEED, each)))
        process.stdout.write(
          `${PROVIDERS} providers after ${end}: down for ${((backAt - endedAt) / 1000).toFixed(1)} s, ` +
            `all synced and saved ${(took / 1000).toFixed(1)} s after; ${attempts.length} attempts, ` +
            `${busiest} in the busiest second, at most ${most} of one provider in a minute; ` +
            `${refused} were told at the door to come later\n`,
        )
        expect(most).toBeLessThanOrEqual(MOST_ATTEMPTS)
        expect(took).toBeLessThan(WITHIN_MS)
        // Nobody came faster than they were let in.
        expect(refused).toBe(0)
      }
    } finally {
      await Promise.all(providers.map((provider) => provider.destroy()))
    }
  })
})
