/** When the provider comes back, and when it asks for another token. */
import { describe, expect, it } from 'vitest'
import { Close, closeReason } from '../../shared/protocol.ts'
import { mustAct, readReason, type Wait, waitBefore } from '../../shared/provider/back-off.ts'
import { fromBase64, toBase64 } from '../../shared/provider/base64.ts'
import { renewIn } from '../../shared/provider/token.ts'
import { seededRandom } from '../support/random.ts'

const wait = (failures: number, random: number, more: Partial<Wait> = {}) =>
  waitBefore({ failures, retryAfterMs: 0, isHurried: false, ...more }, random)

describe('the wait before an attempt', () => {
  it.each([true, false])(
    'is 0.5 to 30 s, longer each time, and not the same for all (something waits: %s)',
    (isHurried) => {
      const random = seededRandom()
      for (let failures = 0; failures < 50; failures++) {
        const waits = Array.from({ length: 20 }, () => wait(failures, random.fraction(), { isHurried }))
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(500)
        expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
        expect(new Set(waits).size).toBeGreaterThan(10)
      }
      expect(wait(10, 0.999, { isHurried })).toBeGreaterThan(29_000)
    },
  )

  it('is short for whoever has something to bring, and leaves them room otherwise', () => {
    expect(wait(0, 0.999, { isHurried: true })).toBeLessThan(1001)
    expect(wait(1, 0.999, { isHurried: true })).toBeLessThan(2001)
    expect(wait(0, 0.999)).toBeGreaterThan(7900)
  })

  it('is what the service asks for, and longer where that did not help', () => {
    expect(wait(0, 0, { retryAfterMs: 600 })).toBe(600)
    expect(wait(0, 0.5, { retryAfterMs: 2000 })).toBe(2500)
    expect(wait(1, 0, { retryAfterMs: 45_000 })).toBe(45_000)
    expect(wait(5, 0.9, { retryAfterMs: 600 })).toBeGreaterThan(20_000)
    const { text, retryAfterMs } = readReason(closeReason(Close.overloaded, 'the database is away', 2000))
    expect({ text, retryAfterMs }).toEqual({ text: 'the database is away', retryAfterMs: 2000 })
    // Past what timers can wait for they end at once.
    for (const asked of ['1e999', '1e12']) {
      expect(readReason(`{"retryAfterMs":${asked}}`).retryAfterMs).toBe(3_600_000)
    }
    expect(readReason('gateway timeout')).toEqual({ text: 'gateway timeout', retryAfterMs: 0 })
  })

  it('has no end where the app must act first', () => {
    const { tooBig, restart, overloaded, rateLimited, ...others } = Close
    expect([tooBig, restart, overloaded, rateLimited, 1006].map(mustAct)).toEqual(Array(5).fill(false))
    expect(Object.values(others).map(mustAct)).toEqual(Object.values(others).map(() => true))
  })
})

describe('a token', () => {
  it('is renewed at four fifths of its life, a minute before its end where that is sooner', () => {
    const tokenUntil = (exp: number) =>
      `e30.${Buffer.from(JSON.stringify({ sub: 'añä', exp })).toString('base64url')}.x`
    expect(renewIn(tokenUntil(1000), 0)).toBe(800_000)
    expect(renewIn(tokenUntil(100), 0)).toBe(40_000)
    expect(renewIn(tokenUntil(10), 0)).toBe(8000)
    expect(renewIn(tokenUntil(10), 20_000)).toBe(0)
    expect(renewIn('opaque', 0)).toBeNull()
  })
})

describe('base64', () => {
  it('is what everybody else reads and writes', () => {
    const random = seededRandom()
    for (const length of [0, 1, 2, 3, 4, 5, 6143, 6144, 6145, 20_000]) {
      const bytes = random.bytes(length)
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect([...fromBase64(toBase64(bytes))]).toEqual([...bytes])
      expect([...fromBase64(Buffer.from(bytes).toString('base64url'))]).toEqual([...bytes])
    }
    expect(() => fromBase64('a b=')).toThrow()
  })
})
