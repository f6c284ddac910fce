import { expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Folded, Log, LoggedBatch } from '../../server/log/port.ts'
import { Content } from '../../server/room/content.ts'
import { Follow, paceOfFolds } from '../../server/room/follow.ts'
import { systemClock } from '../../server/system.ts'
import { quiet } from '../support/open-database.ts'
import { until } from '../support/until.ts'

const word = (text: string): Uint8Array => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

/** A room that knows row 1 and has `own` in flight, and a read of the log that is answered by hand. */
const following = () => {
  const content = new Content()
  const first: LoggedBatch = { seq: 1, at: 1, firstSeq: 1, id: 'first', parts: [word('once')] }
  content.takeLogged(first, new Map())
  content.take(word('upon'), 'live', null, new Map())
  content.cut('own')
  let answer: (rows: LoggedBatch[]) => void = () => undefined
  const log: Pick<Log, 'read' | 'fold'> = {
    read: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
    fold: async () => null,
  }
  const follow = new Follow(
    { roomId: 'story/page', isEnded: false, end: () => undefined },
    content,
    { before: new Map(), push: () => undefined },
    {
      log: log as Log,
      clock: systemClock,
      logger: quiet,
      settings: { foldRows: 200, foldMaxRows: 2000, foldBytes: 1_000_000, foldRatio: 0.1 },
      foldPace: paceOfFolds(systemClock),
    },
    { seq: 1, at: 1, epoch: 0 },
  )
  return { follow, first, answer: (rows: LoggedBatch[]) => answer(rows) }
}

it('a commit that is answered while the log is read is not taken for another history', async () => {
  const { follow, first, answer } = following()
  const reading = follow.readOn()
  expect(follow.committed(2, 2)).toBe(false)
  answer([first, { seq: 2, at: 2, firstSeq: 2, id: 'own', parts: [word('upon')] }])
  expect(await reading).toBe('current')
  expect(follow.seq).toBe(2)
})

it('another row in the place of the known one is', async () => {
  const { follow, answer } = following()
  const reading = follow.readOn()
  answer([{ seq: 1, at: 7, firstSeq: 1, id: 'another', parts: [word('else')] }])
  expect(await reading).toBe('went-back')
})

it('pages that are due beside each other are folded in turn, unless they cannot wait', () => {
  const foldPace = paceOfFolds(systemClock)
  const begun: string[] = []
  const log: Pick<Log, 'fold'> = {
    fold: (roomId) => {
      begun.push(roomId)
      return new Promise(() => undefined)
    },
  }
  const [first, second] = ['first', 'second'].map((roomId) => {
    const content = new Content()
    const settings = { foldRows: 1, foldMaxRows: 3, foldBytes: 1_000_000, foldRatio: 0 }
    const follow = new Follow(
      { roomId, isEnded: false, end: () => undefined },
      content,
      { before: new Map(), push: () => undefined },
      { log: log as Log, clock: systemClock, logger: quiet, settings, foldPace },
      { seq: 0, at: 0, epoch: 0 },
    )
    let rows = 0
    return () => {
      rows++
      content.takeLogged({ seq: rows, at: rows, firstSeq: rows, id: `${rows}`, parts: [word('once')] }, new Map())
      follow.foldIfDue()
    }
  })
  first?.()
  second?.()
  second?.()
  expect(begun).toEqual(['first'])
  second?.()
  expect(begun).toEqual(['first', 'second'])
})

it('what comes during a fold is folded after it, where it is due', async () => {
  const content = new Content()
  const base = word('once')
  const begun: ((folded: Folded) => void)[] = []
  const log: Pick<Log, 'fold'> = { fold: () => new Promise((resolve) => begun.push(resolve)) }
  const settings = { foldRows: 1, foldMaxRows: 1, foldBytes: 1_000_000, foldRatio: 0 }
  const follow = new Follow(
    { roomId: 'story/page', isEnded: false, end: () => undefined },
    content,
    { before: new Map(), push: () => undefined },
    { log: log as Log, clock: systemClock, logger: quiet, settings, foldPace: paceOfFolds(systemClock) },
    { seq: 2, at: 2, epoch: 0 },
  )
  content.takeLogged({ seq: 1, at: 1, firstSeq: 1, id: 'first', parts: [base] }, new Map())
  follow.foldIfDue()
  content.takeLogged({ seq: 2, at: 2, firstSeq: 2, id: 'second', parts: [word('upon')] }, new Map())
  follow.foldIfDue()
  expect(begun.length).toBe(1)
  const doc = new Y.Doc()
  Y.applyUpdate(doc, base)
  const deletesAt = base.length - 1
  begun[0]?.({ seq: 1, epoch: 0, data: base, stateVector: Y.encodeStateVector(doc), deletesAt, atKeys: null })
  await until('the second fold', () => begun.length === 2)
})

it('two workers that share the pages share the time for folds', () => {
  const waits = [1, 2].map((workers) => {
    let now = 0
    const pace = paceOfFolds({ ...systemClock, elapsed: () => now }, workers)
    pace.begin()
    now += 10
    pace.end()
    return pace.waitMs
  })
  expect(waits).toEqual([90, 190])
})
