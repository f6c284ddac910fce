/** Joining rows of the history: fewer bytes, the same page at the end of each window, deleted text still there. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { join } from '../../server/threads/join.ts'
import { pageAsText } from '../support/equal.ts'
import { type Random, randomFrom, seededRandom } from '../support/random.ts'
import { randomHistory, replay, type WrittenRow } from './random-history.ts'

const SEEDS = 100

/** Cuts a history into windows, and joins each: a part for each author. */
const coarsened = (rows: readonly WrittenRow[], random: Random): WrittenRow[] => {
  const result: WrittenRow[] = []
  const last = rows.at(-1)?.seq ?? 0
  for (let from = 1; from <= last; ) {
    const to = Math.min(last, from + random.below(12))
    const window = rows.filter(({ seq }) => seq >= from && seq <= to)
    const authors = [...new Set(window.map(({ author }) => author))]
    const updates = authors.map((author) => window.filter((row) => row.author === author).map(({ data }) => data))
    const { value } = join(updates)
    for (const [part, author] of authors.entries()) {
      result.push({ seq: to, part, author, data: value[part] as Uint8Array })
    }
    from = to + 1
  }
  return result
}

describe('rows of the history that were joined', () => {
  it(`make the page that the rows made, at the end of each window of ${SEEDS} random histories`, () => {
    const first = seededRandom().seed
    for (let seed = first; seed < first + SEEDS; seed++) {
      const random = randomFrom(seed)
      const rows = randomHistory(random, 60)
      const windows = coarsened(rows, random)
      for (const { seq } of windows.slice(0, 8)) {
        expect(pageAsText(replay(windows, seq)), `seed ${seed}, seq ${seq}`).toBe(pageAsText(replay(rows, seq)))
      }
      const [all, joined] = [replay(rows, 60), replay(windows, 60)]
      expect(pageAsText(joined), `seed ${seed}`).toBe(pageAsText(all))
      expect(Y.encodeStateVector(joined)).toEqual(Y.encodeStateVector(all))
    }
  })

  it('join what was joined before', () => {
    const random = seededRandom()
    const rows = randomHistory(random, 80)
    const once = coarsened(rows, random)
    const data = once.map((row) => row.data)
    const { value } = join([data])
    expect(pageAsText(replay([{ seq: 1, data: value[0] as Uint8Array }], 1))).toBe(pageAsText(replay(rows, 80)))
  })

  it('keep text that was deleted in them', () => {
    const doc = new Y.Doc({ gc: false })
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    for (const letter of 'secret') doc.getText('body').insert(doc.getText('body').length, letter)
    doc.getText('body').delete(0, 6)
    const { value } = join([updates])
    const joined = value[0] as Uint8Array
    expect(new TextDecoder().decode(joined)).toContain('secret')
    expect(
      replay([{ seq: 1, data: joined }], 1)
        .getText('body')
        .toString(),
    ).toBe('')
    expect(joined.length).toBeLessThan(Y.mergeUpdates(updates).length / 2)
  })
})
