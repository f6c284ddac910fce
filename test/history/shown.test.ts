// @vitest-environment happy-dom
/** What the doctor takes for a page of the app's editor is what that editor shows. */
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { isShown } from '../../server/threads/shown.ts'
import { fits, mend } from '../../web/src/story/fit.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { node } from '../support/story.ts'

const BODIES = 5000
const BLOCKS = ['paragraph', 'heading', 'bulletList', 'orderedList', 'blockquote', 'picture']
const NAMES = [...BLOCKS, 'listItem', 'hardBreak', 'table']
/** What somebody would write there, as a rule. */
const LIKELY: Readonly<Record<string, readonly string[]>> = {
  paragraph: ['hardBreak'],
  heading: ['hardBreak'],
  bulletList: ['listItem'],
  orderedList: ['listItem'],
  listItem: ['paragraph', ...BLOCKS],
  blockquote: BLOCKS,
}
const MARKS = ['bold', 'italic', 'bold--AbCd1234', 'bold--short', 'comment']

const textOf = (random: Random): Y.XmlText => {
  const text = new Y.XmlText()
  if (random.chance(0.3)) return text
  text.insert(0, 'words', random.chance(0.3) ? { [random.pick(MARKS)]: random.chance(0.5) ? {} : true } : {})
  if (random.chance(0.05)) text.insertEmbed(2, { image: 'x' })
  return text
}

const elementOf = (random: Random, name: string, depth: number): Y.XmlElement => {
  const likely = LIKELY[name] ?? []
  const children = Array.from({ length: depth === 0 ? 0 : random.below(4) }, () => {
    const isInline = name === 'paragraph' || name === 'heading'
    if (random.chance(isInline ? 0.8 : 0.05)) return textOf(random)
    const isLikely = likely.length > 0 && random.chance(0.95)
    return elementOf(random, random.pick(isLikely ? likely : NAMES), depth - 1)
  })
  return node(name, children)
}

it('knows of random bodies whether the editor shows them, once it has mended them', () => {
  const random = seededRandom()
  const shown = { yes: 0, no: 0, mended: 0 }
  for (let n = 0; n < BODIES; n++) {
    const body = new Y.Doc().getXmlFragment('body')
    body.insert(0, [elementOf(random, random.pick(random.chance(0.9) ? BLOCKS : NAMES), 4)])
    const before = body.toString()
    const says = body.toArray().every((child) => child instanceof Y.XmlElement && isShown(child))
    const fitted = fits(body)
    mend(body)
    expect([before, says]).toEqual([before, fits(body)])
    shown[says ? 'yes' : 'no']++
    if (says && !fitted) shown.mended++
  }
  for (const count of Object.values(shown)) expect(count).toBeGreaterThan(BODIES / 50)
})
