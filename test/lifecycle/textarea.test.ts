import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { difference, moveCaret, moveCharacter, type Step } from '../../web/src/difference.ts'

const apply = (text: string, { at, removed, inserted }: { at: number; removed: number; inserted: string }): string =>
  text.slice(0, at) + inserted + text.slice(at + removed)

/** The same numbers for the same seed. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('the text area of the page', () => {
  it('sends one key as one key, at the caret even among equal letters', () => {
    expect(difference('aaaa', 'aaaaa', 2)).toEqual({ at: 1, removed: 0, inserted: 'a' })
    expect(difference('abc', 'abXc', 3)).toEqual({ at: 2, removed: 0, inserted: 'X' })
    expect(difference('abc', 'ac', 1)).toEqual({ at: 1, removed: 1, inserted: '' })
    expect(difference('abc', 'abc', 0)).toBeNull()
  })

  it('never cuts a character of two code units', () => {
    expect(difference('a😀b', 'a😁b', 3)).toEqual({ at: 1, removed: 2, inserted: '😁' })
    expect(difference('😀', '😀😀', 2)).toEqual({ at: 0, removed: 0, inserted: '😀' })
  })

  it('turns any text into any other', () => {
    const seed = 7
    const random = randomOf(seed)
    const word = () => Array.from({ length: random(8) }, () => 'ab😀\n'.at(random(5)) ?? '').join('')
    for (let round = 0; round < 5000; round++) {
      const [before, after] = [word(), word()]
      const edit = difference(before, after, random(after.length + 1))
      expect(edit === null ? before : apply(before, edit), `seed ${seed}, round ${round}`).toBe(after)
    }
  })

  it('keeps the caret beside the same letter whatever others write', () => {
    const random = randomOf(11)
    for (let round = 0; round < 2000; round++) {
      const text = new Y.Doc().getText()
      text.insert(0, 'abcdefgh')
      let delta: Step[] = []
      text.observe((event) => {
        delta = event.delta as Step[]
      })
      text.doc?.transact(() => {
        for (let edits = 1 + random(3); edits > 0; edits--) {
          const at = random(text.length)
          if (random(2) === 0) text.insert(at, 'XYZ'.slice(0, 1 + random(3)))
          else text.delete(at, Math.min(1 + random(3), text.length - at))
        }
      })
      const after = text.toString()
      for (let index = 0; index < 8; index++) {
        const place = moveCharacter(index, delta)
        const letter = 'abcdefgh'[index] ?? ''
        if (place === null) expect(after).not.toContain(letter)
        else expect(after[place]).toBe(letter)
      }
      for (let caret = 1; caret <= 8; caret++) {
        const before = 'abcdefgh'[caret - 1] ?? ''
        if (after.includes(before)) expect(moveCaret(caret, delta)).toBe(after.indexOf(before) + 1)
      }
    }
  })
})
