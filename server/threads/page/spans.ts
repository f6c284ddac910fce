/** The text of a page in spans: who wrote what stands, and what differs between two moments. */
import * as Y from 'yjs'
import type { SharedType } from './canonical.ts'

/** Where a run of text lies: the root, then keys and indices of what it lies in. */
export interface Place {
  readonly root: string
  readonly path: readonly (string | number)[]
}

/** What a walk tells of a piece of text that is alike throughout. */
export interface Piece<Mark> {
  readonly text: string
  /** Index in the text as it is now, in UTF-16 units. */
  readonly position: number
  readonly mark: Mark
}

export interface PlacePieces<Mark> extends Place {
  readonly pieces: readonly Piece<Mark>[]
}

export interface Reader<Mark> {
  /** Whether what is at a clock stands now, what is to be said of it (null: nothing), and up to which clock all that holds. */
  look(client: number, clock: number): { readonly stands: boolean; readonly mark: Mark | null; readonly until: number }
}

/** An embed or shared type within text stands for one character. */
const OBJECT = '\ufffc'

/** Walks all text of the page, deleted text too, and gives the pieces that the reader has something to say of. */
export const piecesOf = <Mark>(doc: Y.Doc, reader: Reader<Mark>): PlacePieces<Mark>[] => {
  const places: PlacePieces<Mark>[] = []
  const names = [...doc.share.keys()].sort()
  for (const root of names) walk(doc.get(root), { root, path: [] }, reader, places)
  return places
}

const walk = <Mark>(type: SharedType, place: Place, reader: Reader<Mark>, places: PlacePieces<Mark>[]): void => {
  const pieces: Piece<Mark>[] = []
  const inner: [SharedType, string | number][] = []
  let position = 0
  for (let item = type._start; item !== null; item = item.right) {
    const { content, id } = item
    if (!item.countable) continue
    if (content instanceof Y.ContentType) inner.push([content.type, position])
    for (let at = 0; at < item.length; ) {
      const { stands, mark, until } = reader.look(id.client, id.clock + at)
      const end = Math.min(item.length, until - id.clock)
      const text = textIn(content, at, end)
      if (text !== '' && mark !== null) pieces.push({ text, position, mark })
      if (stands) position += end - at
      at = end
    }
  }
  for (const [key, item] of type._map) {
    if (item.content instanceof Y.ContentType && !item.deleted) inner.push([item.content.type, key])
  }
  if (pieces.length > 0) places.push({ ...place, pieces })
  for (const [child, step] of inner) walk(child, { ...place, path: [...place.path, step] }, reader, places)
}

const textIn = (content: Y.Item['content'], from: number, to: number): string => {
  if (content instanceof Y.ContentString) return content.str.slice(from, to)
  return content instanceof Y.ContentEmbed ? OBJECT : ''
}
