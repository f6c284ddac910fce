import { describe, expect, it } from 'vitest'
import { inTurn } from '../../server/pace.ts'
import type { Clock } from '../../server/ports.ts'

/** A clock whose timers all come `lateMs` late. */
const lateClock = (lateMs: number): Clock & { goOn(ms: number): void } => {
  let now = 0
  return {
    now: () => now,
    elapsed: () => now,
    after: (ms, task) => {
      const timer = setImmediate(() => {
        now += ms + lateMs
        task()
      })
      return () => clearImmediate(timer)
    },
    turn: (task) => void setImmediate(task),
    goOn: (ms) => {
      now += ms
    },
  }
}

const COUNT = 2000
const OVER_MS = 24_000
const all = Array.from({ length: COUNT }, (_, index) => index)

describe('what is done in turn', () => {
  it.each([0, 30, 700])('takes as long as it may and no longer when timers are %i ms late', async (lateMs) => {
    const clock = lateClock(lateMs)
    const doneAt: number[] = []
    await inTurn(all, OVER_MS, clock, () => doneAt.push(clock.elapsed()))
    expect(doneAt).toHaveLength(COUNT)
    expect(clock.elapsed()).toBeGreaterThan(OVER_MS - 10)
    expect(clock.elapsed()).toBeLessThanOrEqual(OVER_MS + lateMs + 1)
    const half = doneAt.filter((at) => at < OVER_MS / 2).length
    expect(Math.abs(half - COUNT / 2)).toBeLessThan(COUNT / 20)
  })

  it('lets others have a turn, however much of it is late', async () => {
    const clock = lateClock(0)
    let turns = 0
    const count = () => {
      turns++
      turning = setImmediate(count)
    }
    let turning = setImmediate(count)
    await inTurn(all, 100, clock, () => clock.goOn(1))
    clearImmediate(turning)
    expect(turns).toBeGreaterThan(COUNT / 20)
  })
})
