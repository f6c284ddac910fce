import { expect, it } from 'vitest'
import { beats, Sweep, type Swept } from '../../server/socket-sweep.ts'

const BEAT_MS = 2000

/** A sweep by a clock that is moved by hand, and the beats at which a socket was looked at. */
const sweeping = () => {
  let elapsed = 0
  let due: (() => void) | null = null
  const sweep = new Sweep({
    now: () => 1_000_000 + elapsed,
    elapsed: () => elapsed,
    after: (_, task) => {
      due = task
      return () => {
        due = null
      }
    },
    turn: () => undefined,
  })
  const until = (beat: number) => {
    elapsed = beat * BEAT_MS
    due?.()
  }
  const goThrough = (last: number) => {
    for (let beat = elapsed / BEAT_MS + 1; beat <= last; beat++) until(beat)
  }
  return { sweep, until, goThrough }
}

const planning = (inBeats: (beat: number) => number | null): Swept & { readonly seen: number[] } => {
  const seen: number[] = []
  return {
    seen,
    sweep: (beat) => {
      seen.push(beat)
      return inBeats(beat)
    },
  }
}

it('a socket is looked at one beat after it came, and then when it said', () => {
  const { sweep, goThrough } = sweeping()
  const calm = planning(() => 14)
  const slow = planning((beat) => (beat < 4 ? 1 : 15))
  sweep.add(calm)
  sweep.add(slow)
  goThrough(30)
  expect(calm.seen).toEqual([1, 15, 29])
  expect(slow.seen).toEqual([1, 2, 3, 4, 19])
})

it('what is due later than can be planned is looked at as late as can be, what is overdue at the next beat', () => {
  const { sweep, goThrough } = sweeping()
  const [late, overdue] = [planning(() => beats(90_000)), planning(() => -3)]
  sweep.add(late)
  sweep.add(overdue)
  goThrough(16)
  expect(late.seen).toEqual([1, 16])
  expect(overdue.seen).toHaveLength(16)
})

it('a socket that has become slow is looked at next, once', () => {
  const { sweep, goThrough } = sweeping()
  const calm = planning(() => 10)
  sweep.add(calm)
  goThrough(3)
  sweep.soon(calm)
  sweep.soon(calm)
  goThrough(14)
  expect(calm.seen).toEqual([1, 4, 14])
})

it('a process that was held up looks at all whose time went by, once', () => {
  const { sweep, until, goThrough } = sweeping()
  const sockets = Array.from({ length: 15 }, (_, index) => planning(() => 1 + index))
  for (const socket of sockets) sweep.add(socket)
  goThrough(1)
  until(200)
  expect(sockets.map(({ seen }) => seen)).toEqual(sockets.map(() => [1, 200]))
})

it('a socket that is gone is not looked at any more, nor is any after the end', () => {
  const { sweep, goThrough } = sweeping()
  const [removed, ended, last] = [planning(() => 5), planning(() => null), planning(() => 1)]
  for (const socket of [removed, ended, last]) sweep.add(socket)
  goThrough(2)
  sweep.remove(removed)
  goThrough(20)
  sweep.close()
  goThrough(25)
  expect([removed.seen, ended.seen, last.seen.length]).toEqual([[1], [1], 20])
})
