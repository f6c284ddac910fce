/** What people type into a room, made with real documents before any clock starts. */
import * as Y from 'yjs'
import type { SeededRandom } from '../random.ts'
import { updateFrame } from './member.ts'

/** The root type that is typed into. */
export const ROOT = 'text'

export interface Keystroke {
  readonly frame: Buffer
  /** The clock of the character it adds; -1: it takes one away. */
  readonly clock: number
}

export interface Writer {
  readonly client: number
  readonly keystrokes: readonly Keystroke[]
  /** Characters it adds in all. */
  readonly inserts: number
}

/** A room: how it begins, what each writer types, the text at the end. */
export interface Script {
  readonly seed: Uint8Array
  readonly writers: readonly Writer[]
  readonly text: string
}

const LETTERS = 'etaoin shrdlu cmfwyp vbgkjqxz '
const BACKSPACE_SHARE = 0.08
const JUMP_SHARE = 0.02

/**
 * Each writer types in a paragraph of its own and sees nothing of the others, so that its updates depend only on its own
 * and may be replayed at any pace beside theirs.
 */
export const typeRoom = (writers: number, keystrokes: number, random: SeededRandom): Script => {
  const paragraphs = Array.from({ length: writers }, (_, at) => `Writer ${at + 1}: \n`)
  const seed = documentOf(paragraphs.join(''), newClient(random))
  const whole = new Y.Doc()
  Y.applyUpdate(whole, seed)
  let start = 0
  const typed = paragraphs.map((paragraph) => {
    start += paragraph.length
    return typeAlone(seed, start - 1, keystrokes, newClient(random), random)
  })
  for (const { state } of typed) Y.applyUpdate(whole, state)
  const text = whole.getText(ROOT).toString()
  whole.destroy()
  return { seed, writers: typed.map(({ writer }) => writer), text }
}

/** A page that somebody wrote with many jumps, of about `bytes` bytes encoded. */
export const writtenPage = (bytes: number, random: SeededRandom): Uint8Array => {
  const doc = new Y.Doc()
  doc.clientID = newClient(random)
  const text = doc.getText(ROOT)
  let state = Y.encodeStateAsUpdate(doc)
  while (state.length < bytes) {
    for (let sentence = 0; sentence < 10; sentence++) {
      text.insert(random.below(text.length + 1), words(20 + random.below(40), random))
    }
    state = Y.encodeStateAsUpdate(doc)
  }
  doc.destroy()
  return state
}

const newClient = (random: SeededRandom): number => 1 + random.below(2 ** 32 - 1)

const words = (length: number, random: SeededRandom): string =>
  Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join('')

const documentOf = (text: string, client: number): Uint8Array => {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getText(ROOT).insert(0, text)
  const state = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return state
}

const typeAlone = (seed: Uint8Array, start: number, count: number, client: number, random: SeededRandom) => {
  const doc = new Y.Doc()
  doc.clientID = client
  Y.applyUpdate(doc, seed)
  const text = doc.getText(ROOT)
  const keystrokes: Keystroke[] = []
  let clock = -1
  doc.on('update', (update: Uint8Array) => keystrokes.push({ frame: updateFrame(update), clock }))
  let [length, cursor, inserts] = [0, 0, 0]
  while (keystrokes.length < count) {
    if (random.fraction() < JUMP_SHARE) cursor = random.below(length + 1)
    if (cursor > 0 && random.fraction() < BACKSPACE_SHARE) {
      clock = -1
      text.delete(start + --cursor, 1)
      length--
    } else {
      clock = inserts++
      text.insert(start + cursor++, LETTERS[random.below(LETTERS.length)] ?? ' ')
      length++
    }
  }
  const state = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return { writer: { client, keystrokes, inserts }, state }
}
