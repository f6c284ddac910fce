/** What people type into a room, made with real documents before any clock starts. */
import * as Y from 'yjs'
import type { SeededRandom } from '../random.ts'
import type { EditIndex } from './deliveries.ts'
import { FrameList } from './frame-list.ts'
import { typing } from './traces.ts'
import { type Dialect, updateFrame } from './wire.ts'

/** The root type that is typed into. */
export const ROOT = 'text'

export interface Writer {
  readonly client: number
  /** A frame for each edit. */
  readonly frames: FrameList
  readonly edits: number
  readonly index: EditIndex
}

/** A room: how it begins, and what each writer types. */
export interface Script {
  readonly seed: Uint8Array
  readonly writers: readonly Writer[]
}

/**
 * Each writer types in a paragraph of its own and sees nothing of the others, so that its updates depend only on its own
 * and may be replayed at any pace beside theirs.
 */
export const typeRoom = (
  place: { readonly dialect: Dialect; readonly room: string },
  writers: number,
  edits: number,
  random: SeededRandom,
): Script => {
  const paragraphs = Array.from({ length: writers }, (_, at) => `Writer ${at + 1}: \n`)
  const seed = documentOf(paragraphs.join(''), newClient(random))
  let start = 0
  return {
    seed,
    writers: paragraphs.map((paragraph) => {
      start += paragraph.length
      const frame = (update: Uint8Array) => updateFrame(place.dialect, place.room, update)
      return typeAlone(seed, start - 1, edits, random, frame)
    }),
  }
}

/** The text of `updates` together, as a document reads it. */
export const textOf = (updates: Iterable<Uint8Array>): string => {
  const doc = new Y.Doc()
  Y.transact(doc, () => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  const text = doc.getText(ROOT).toString()
  doc.destroy()
  return text
}

export const newClient = (random: SeededRandom): number => 1 + random.below(2 ** 32 - 1)

const documentOf = (text: string, client: number): Uint8Array => {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getText(ROOT).insert(0, text)
  const state = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return state
}

/** Types `count` edits from `start` of the text of `state` on. @param frame makes of an update what is sent */
export const typeAlone = (
  state: Uint8Array,
  start: number,
  count: number,
  random: SeededRandom,
  frame: (update: Uint8Array) => Buffer,
): Writer => {
  const doc = new Y.Doc()
  const client = newClient(random)
  doc.clientID = client
  Y.applyUpdate(doc, state)
  const text = doc.getText(ROOT)
  const frames = new FrameList()
  const added: (number | undefined)[] = []
  const deleted: (number | undefined)[] = []
  doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, { beforeState, afterState, deleteSet }) => {
    const from = beforeState.get(client) ?? 0
    const first = deleteSet.clients.get(client)?.[0]
    if ((afterState.get(client) ?? 0) > from) added[from] = frames.length
    else if (first !== undefined) deleted[first.clock] = frames.length
    frames.push(frame(update), update.length)
  })
  for (const [position, remove, insert] of typing(random)) {
    if (frames.length >= count) break
    Y.transact(doc, () => {
      if (remove > 0) text.delete(start + position, remove)
      if (insert !== '') text.insert(start + position, insert)
    })
  }
  doc.destroy()
  return { client, frames, edits: frames.length, index: { added, deleted } }
}
