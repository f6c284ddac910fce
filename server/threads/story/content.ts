/** The body of a page, as the editor writes it, as a tree that Markdown and HTML are written from. */
import type { BlockContent, Heading, Image, ListItem, PhrasingContent, RootContent } from 'mdast'
import * as Y from 'yjs'

export interface Seen {
  /** The pictures that there are, and where each of them is found. */
  readonly pictures: ReadonlyMap<string, string>
  /** Notes that a picture is shown. */
  readonly shows: (sha256: string) => void
  /** How much deeper headings stand than they say: the title of the page stands above them. */
  readonly deeper: number
}

const DEEPEST = 6

export const blocksOf = (parent: Y.XmlFragment, seen: Seen): RootContent[] =>
  withWholeText(parent.toArray()).flatMap((child) => {
    if (typeof child === 'string') return paragraphsOf(child)
    return child instanceof Y.XmlElement ? blockOf(child, seen) : lineOf(child, seen)
  })

/** Text without marks as paragraphs, one a line. */
export const paragraphsOf = (text: string): RootContent[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((value) => ({ type: 'paragraph', children: [{ type: 'text', value }] }))

/** Letters that an app put beside the blocks come one by one. */
const withWholeText = (children: readonly unknown[]): unknown[] => {
  const whole: unknown[] = []
  let text = ''
  for (const child of children) {
    if (typeof child === 'string') {
      text += child
      continue
    }
    if (text !== '') whole.push(text)
    text = ''
    whole.push(child)
  }
  return text === '' ? whole : [...whole, text]
}

const lineOf = (child: unknown, seen: Seen): RootContent[] =>
  child instanceof Y.XmlText ? [{ type: 'paragraph', children: phrasesOf([child], seen) }] : []

const blockOf = (element: Y.XmlElement, seen: Seen): RootContent[] => {
  switch (element.nodeName) {
    case 'paragraph':
      return [{ type: 'paragraph', children: phrasesOf(element.toArray(), seen) }]
    case 'heading':
      return [{ type: 'heading', depth: depthOf(element, seen), children: phrasesOf(element.toArray(), seen) }]
    case 'bulletList':
      return [{ type: 'list', ordered: false, spread: false, children: itemsOf(element, seen) }]
    case 'orderedList': {
      const start = wholeOf(element, 'start', 1)
      return [{ type: 'list', ordered: true, start, spread: false, children: itemsOf(element, seen) }]
    }
    case 'blockquote':
      return [{ type: 'blockquote', children: blocksOf(element, seen) as BlockContent[] }]
    case 'codeBlock':
      return [{ type: 'code', value: element.toArray().map(plain).join('') }]
    case 'horizontalRule':
      return [{ type: 'thematicBreak' }]
    case 'picture': {
      const picture = pictureOf(element, seen)
      return picture === null ? [] : [{ type: 'paragraph', children: [picture] }]
    }
    default:
      // An editor with more kinds of blocks than are known here: what they hold counts.
      return element.toArray().some((child) => child instanceof Y.XmlText)
        ? [{ type: 'paragraph', children: phrasesOf(element.toArray(), seen) }]
        : blocksOf(element, seen)
  }
}

const itemsOf = (list: Y.XmlElement, seen: Seen): ListItem[] =>
  list.toArray().flatMap((child): ListItem[] => {
    if (!(child instanceof Y.XmlElement)) return []
    const children = child.nodeName === 'listItem' ? blocksOf(child, seen) : blockOf(child, seen)
    return [{ type: 'listItem', spread: false, children: children as BlockContent[] }]
  })

const phrasesOf = (children: readonly unknown[], seen: Seen): PhrasingContent[] =>
  children.flatMap((child): PhrasingContent[] => {
    if (child instanceof Y.XmlText) return child.toDelta().flatMap(phraseOf)
    if (!(child instanceof Y.XmlElement)) return []
    if (child.nodeName === 'hardBreak') return [{ type: 'break' }]
    if (child.nodeName !== 'picture') return phrasesOf(child.toArray(), seen)
    const picture = pictureOf(child, seen)
    return picture === null ? [] : [picture]
  })

interface Piece {
  readonly insert: unknown
  readonly attributes?: Readonly<Record<string, unknown>>
}

const phraseOf = ({ insert, attributes = {} }: Piece): PhrasingContent[] => {
  if (typeof insert !== 'string') return []
  // Marks that may overlap with others of their kind carry a hash behind two hyphens.
  const marks = new Map(Object.entries(attributes).map(([mark, value]) => [mark.replace(/--.*$/, ''), value]))
  let phrase: PhrasingContent = marks.has('code')
    ? { type: 'inlineCode', value: insert }
    : { type: 'text', value: insert }
  if (marks.has('italic')) phrase = { type: 'emphasis', children: [phrase] }
  if (marks.has('bold')) phrase = { type: 'strong', children: [phrase] }
  const href = (marks.get('link') as { readonly href?: unknown } | undefined)?.href
  return [isSafe(href) ? { type: 'link', url: href, children: [phrase] } : phrase]
}

/** Only links that lead to a page or a letter: others could run something. */
const isSafe = (href: unknown): href is string =>
  typeof href === 'string' && URL.canParse(href) && /^(https?|mailto):/i.test(href)

/** A picture that is not there is its description. */
const pictureOf = (element: Y.XmlElement, { pictures, shows }: Seen): Image | PhrasingContent | null => {
  const sha256: unknown = element.getAttribute('sha256')
  const alt: unknown = element.getAttribute('alt')
  const words = typeof alt === 'string' ? alt : ''
  const url = typeof sha256 === 'string' ? pictures.get(sha256) : undefined
  if (url === undefined) return words === '' ? null : { type: 'emphasis', children: [{ type: 'text', value: words }] }
  shows(String(sha256))
  return { type: 'image', url, alt: words }
}

const depthOf = (element: Y.XmlElement, { deeper }: Seen): Heading['depth'] =>
  Math.min(Math.max(1, wholeOf(element, 'level', 1)) + deeper, DEEPEST) as Heading['depth']

const wholeOf = (element: Y.XmlElement, name: string, fallback: number): number => {
  const value = Number(element.getAttribute(name) ?? fallback)
  return Number.isInteger(value) && value >= 0 ? value : fallback
}

const plain = (child: unknown): string =>
  child instanceof Y.XmlText
    ? child
        .toDelta()
        .map(({ insert }: Piece) => (typeof insert === 'string' ? insert : ''))
        .join('')
    : ''
