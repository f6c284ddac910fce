/** Text as Markdown can say it: a space at the edge of a line or of a mark would be written as an entity there. */
import type { BlockContent, ListItem, PhrasingContent, RootContent, Text } from 'mdast'

/** The same blocks; empty paragraphs, which Markdown does not know, are gone. */
export const tidied = <Block extends RootContent>(blocks: readonly Block[]): Block[] =>
  blocks.map(tidiedBlock).filter((block) => block.type !== 'paragraph' || block.children.length > 0)

const tidiedBlock = <Block extends RootContent>(block: Block): Block => {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return { ...block, children: lineOf(block.children) }
    case 'blockquote':
      return { ...block, children: tidied(block.children as BlockContent[]) }
    case 'list':
      return { ...block, children: block.children.map(itemOf) }
    default:
      return block
  }
}

const itemOf = (item: ListItem): ListItem => ({ ...item, children: item.children.map(tidiedBlock) })

/** No line begins or ends with a space. */
const lineOf = (phrases: readonly PhrasingContent[]): PhrasingContent[] => {
  const pieces = joined(phrases.flatMap(withoutEdges))
  const isEdge = (at: number) => pieces[at] === undefined || pieces[at].type === 'break'
  return pieces.flatMap((piece, at): PhrasingContent[] => {
    if (piece.type !== 'text') return [piece]
    const begun = isEdge(at - 1) ? piece.value.replace(/^[ \t]+/, '') : piece.value
    return textOf(isEdge(at + 1) ? begun.replace(/[ \t]+$/, '') : begun)
  })
}

/** A mark around words: spaces at its edges stand beside it. */
const withoutEdges = (phrase: PhrasingContent): PhrasingContent[] => {
  if (!('children' in phrase)) return [phrase]
  const inner = joined(phrase.children.flatMap(withoutEdges))
  const before = takeSpace(inner, 0, /^[ \t]+/)
  const after = takeSpace(inner, inner.length - 1, /[ \t]+$/)
  const marked = inner.length === 0 ? [] : [{ ...phrase, children: inner } as PhrasingContent]
  return [...textOf(before), ...marked, ...textOf(after)]
}

/** Takes the space out of the text that stands at `at`. */
const takeSpace = (phrases: PhrasingContent[], at: number, space: RegExp): string => {
  const phrase = phrases[at]
  if (phrase?.type !== 'text') return ''
  const [found = ''] = space.exec(phrase.value) ?? []
  phrases.splice(at, 1, ...textOf(phrase.value.replace(space, '')))
  return found
}

const joined = (phrases: readonly PhrasingContent[]): PhrasingContent[] => {
  const all: PhrasingContent[] = []
  for (const phrase of phrases) {
    const last = all.at(-1)
    if (phrase.type === 'text' && last?.type === 'text')
      all[all.length - 1] = { ...last, value: last.value + phrase.value }
    else all.push(phrase)
  }
  return all
}

const textOf = (value: string): Text[] => (value === '' ? [] : [{ type: 'text', value }])
