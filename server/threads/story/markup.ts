/** The tree of a page as HTML that is well-formed XML too. */
import type { List, Paragraph, PhrasingContent, RootContent } from 'mdast'
import { lines, type Markup, markup, xml } from './xml.ts'

export const markupOf = (blocks: readonly RootContent[]): Markup => lines(blocks.map(blockOf))

const blockOf = (block: RootContent): Markup => {
  switch (block.type) {
    case 'paragraph':
      return paragraphOf(block)
    case 'heading': {
      const tag = markup(`h${block.depth}`)
      return xml`<${tag}>${block.children.map(phraseOf)}</${tag}>`
    }
    case 'list':
      return listOf(block)
    case 'blockquote':
      return xml`<blockquote>${markupOf(block.children)}</blockquote>`
    case 'code':
      return xml`<pre><code>${block.value}</code></pre>`
    case 'thematicBreak':
      return xml`<hr/>`
    default:
      return markup('')
  }
}

/** A picture that stands alone is a figure. */
const paragraphOf = ({ children }: Paragraph): Markup => {
  const [only] = children
  if (children.length === 1 && only?.type === 'image') return xml`<figure>${phraseOf(only)}</figure>`
  return xml`<p>${children.map(phraseOf)}</p>`
}

const listOf = ({ ordered, start, children }: List): Markup => {
  const items = children.map(({ children: blocks }) => xml`<li>${markupOf(blocks)}</li>`)
  if (ordered !== true) return xml`<ul>${items}</ul>`
  return typeof start === 'number' && start !== 1 ? xml`<ol start="${start}">${items}</ol>` : xml`<ol>${items}</ol>`
}

const phraseOf = (phrase: PhrasingContent): Markup => {
  switch (phrase.type) {
    case 'text':
      return xml`${phrase.value}`
    case 'strong':
      return xml`<strong>${phrase.children.map(phraseOf)}</strong>`
    case 'emphasis':
      return xml`<em>${phrase.children.map(phraseOf)}</em>`
    case 'inlineCode':
      return xml`<code>${phrase.value}</code>`
    case 'link':
      return xml`<a href="${phrase.url}">${phrase.children.map(phraseOf)}</a>`
    case 'image':
      // The address was made here, and may hold a mark that text may not.
      return xml`<img src="${markup(phrase.url)}" alt="${phrase.alt ?? ''}"/>`
    case 'break':
      return xml`<br/>`
    default:
      return markup('')
  }
}
