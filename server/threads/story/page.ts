/** A page as it is read outside of the editor. */
import type { RootContent } from 'mdast'
import { toMarkdown } from 'mdast-util-to-markdown'
import type * as Y from 'yjs'
import { docOf, type Updates } from '../page/build.ts'
import { textsOf } from '../page/render.ts'
import { holdsXml, type Roots, rootsOf } from '../page/roots.ts'
import { blocksOf, paragraphsOf } from './content.ts'
import { markupOf } from './markup.ts'
import { wordsOf } from './outline.ts'
import { tidied } from './tidy.ts'

export interface StoryPageAsked {
  readonly page: Updates
  /** Stored types of roots. */
  readonly roots: Roots
  readonly as: 'markup' | 'markdown'
  /** The pictures that there are, by their hash, and where each is found. */
  readonly pictures: ReadonlyMap<string, string>
  /** How much deeper headings stand than they say. */
  readonly deeper: number
}

export interface StoryPage {
  /** Empty where the page has none. */
  readonly title: string
  readonly content: string
  /** Hashes of the pictures that are shown. */
  readonly shown: readonly string[]
}

/** @throws IncompletePage, or whatever Yjs throws on bytes that cannot be read */
export const storyPage = ({ page, roots, as, pictures, deeper }: StoryPageAsked): StoryPage => {
  const doc = docOf(page)
  const types = rootsOf(doc, roots)
  const shown = new Set<string>()
  const seen = { pictures, deeper, shows: (sha256: string) => shown.add(sha256) }
  const blocks = holdsXml(doc, 'body') ? blocksOf(doc.getXmlFragment('body'), seen) : linesOf(doc, types)
  const title = types.title === undefined || types.title === 'text' ? wordsOf(doc.getText('title')) : ''
  return { title, content: as === 'markup' ? String(markupOf(blocks)) : markdownOf(blocks), shown: [...shown] }
}

/** A page that another editor writes: its text, line by line; its title is told by itself. */
const linesOf = (doc: Y.Doc, types: Roots): RootContent[] =>
  textsOf(doc, types)
    .filter(([name]) => (types.body === 'text' ? name === 'body' : name !== 'title'))
    .flatMap(([, text]) => paragraphsOf(text))

const markdownOf = (blocks: RootContent[]): string =>
  toMarkdown({ type: 'root', children: tidied(blocks) }, { bullet: '-', emphasis: '_', rule: '-' })
