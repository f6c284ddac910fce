/**
 * Whether the app's editor can show a page's body, once it has mended what it mends by itself: lists without items,
 * items that do not begin with a paragraph. Its schema is web/src/story/extensions.ts; a test holds the two together.
 */
import * as Y from 'yjs'

const INLINE: readonly string[] = ['hardBreak']
const ITEMS: readonly string[] = ['listItem']
const BLOCKS: readonly string[] = ['paragraph', 'heading', 'bulletList', 'orderedList', 'blockquote', 'picture']
/** What each element may hold; a list: nothing. */
const CHILDREN: ReadonlyMap<string, readonly string[]> = new Map([
  ['paragraph', INLINE],
  ['heading', INLINE],
  ['bulletList', ITEMS],
  ['orderedList', ITEMS],
  ['listItem', BLOCKS],
  ['blockquote', BLOCKS],
  ['picture', []],
  ['hardBreak', []],
])
const LEAVES: readonly string[] = ['picture', 'hardBreak']
const NEVER_EMPTY: readonly string[] = ['bulletList', 'orderedList', 'blockquote']
const MARKS: readonly string[] = ['bold', 'italic']

interface Looked {
  /** What it has to be allowed as where it stands; null: it is right there. */
  readonly name: string | null
  /** Whether it is what the editor writes, once that is mended; `goes`: the editor takes it away. */
  readonly fate: 'stays' | 'goes' | 'foreign'
  /** Known, and without a letter or a picture. */
  readonly isHollow: boolean
}

const FOREIGN: Looked = { name: null, fate: 'foreign', isHollow: false }

/** Whether the editor can show an element as a piece of a body. */
export const isShown = (element: Y.XmlElement): boolean => isGoodIn(BLOCKS, lookAt(element))

const isGoodIn = (allowed: readonly string[], { name, fate }: Looked): boolean =>
  fate === 'goes' || (fate === 'stays' && (name === null || allowed.includes(name)))

const lookAt = (element: Y.XmlElement): Looked => {
  const name = element.nodeName
  const allowed = CHILDREN.get(name)
  if (allowed === undefined) return FOREIGN
  const children = element.toArray().map((child) => {
    if (child instanceof Y.XmlElement) return lookAt(child)
    return child instanceof Y.XmlText ? lookAtText(child, allowed === INLINE) : FOREIGN
  })
  const isHollow = !LEAVES.includes(name) && children.every((child) => child.isHollow)
  const isGood = children.every((child) => isGoodIn(allowed, child))
  const isWhole = isGood && !lacks(name, children)
  if (!isWhole && isHollow) return { name, fate: 'goes', isHollow }
  return { name, fate: isGood ? 'stays' : 'foreign', isHollow }
}

/** Whether an element does not begin with what it must. */
const lacks = (name: string, children: readonly Looked[]): boolean => {
  const first = children.find(({ fate }) => fate !== 'goes')
  return name === 'listItem' ? first?.name !== 'paragraph' : first === undefined && NEVER_EMPTY.includes(name)
}

interface Piece {
  readonly insert: unknown
  readonly attributes?: Readonly<Record<string, unknown>>
}

/** Text without a letter is nothing to the editor, wherever it stands. */
const lookAtText = (text: Y.XmlText, mayHaveLetters: boolean): Looked => {
  const pieces = text.toDelta() as Piece[]
  if (pieces.length === 0) return { name: null, fate: 'goes', isHollow: true }
  const isGood = mayHaveLetters && pieces.every(isKnownPiece)
  return isGood ? { name: null, fate: 'stays', isHollow: false } : FOREIGN
}

/** Marks that may overlap with others of their kind carry a hash behind two hyphens. */
const isKnownPiece = ({ insert, attributes = {} }: Piece): boolean =>
  typeof insert === 'string' &&
  Object.keys(attributes).every((name) => MARKS.includes(name.replace(/--[A-Za-z0-9+/=]{8}$/, '')))
