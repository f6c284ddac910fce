/** A page as it is read outside of the editor. */
import type { RootContent } from 'mdast'
import { toMarkdown } from 'mdast-util-to-markdown'
import type * as Y from 'yjs'
import { docOf, type Updates } from '../page/build.ts'
import { render } from '../page/render.ts'
import { inferRoots, type Roots } from '../page/roots.ts'
import { blocksOf } from './content.ts'
import { markupOf } from './markup.ts'
import { wordsOf } from './outline.ts'

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
  const types = { ...inferRoots(doc), ...roots }
  const shown = new Set<string>()
  const seen = { pictures, deeper, shows: (sha256: string) => shown.add(sha256) }
  const blocks = types.body === 'xml' ? blocksOf(doc.getXmlFragment('body'), seen) : linesOf(doc, types)
  const title = types.title === undefined || types.title === 'text' ? wordsOf(doc.getText('title')) : ''
  return { title, content: as === 'markup' ? String(markupOf(blocks)) : markdownOf(blocks), shown: [...shown] }
}

/** A page that another editor writes: its text, line by line. */
const linesOf = (doc: Y.Doc, roots: Roots): RootContent[] => {
  const text = roots.body === 'text' ? doc.getText('body').toString() : render(doc, roots).text
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((value) => ({ type: 'paragraph', children: [{ type: 'text', value }] }))
}

const markdownOf = (blocks: RootContent[]): string =>
  toMarkdown({ type: 'root', children: blocks }, { bullet: '-', emphasis: '_', rule: '-' })
