/** A page as it was: what stood there in its authors’ colours, what was new, and what went. */
import { Editor } from '@tiptap/core'
import { yXmlFragmentToProseMirrorRootNode } from '@tiptap/y-tiptap'
import { useEffect, useRef } from 'preact/hooks'
import { linesOf } from '../../device/pieces.ts'
import { moment, words } from '../../words/words.ts'
import { blamePlugin, markAs, marksOf, type Span, type SpansOf } from '../blame.ts'
import { pageExtensions } from '../extensions.ts'
import { fits } from '../fit.ts'
import type { StorySession } from '../session.ts'
import { sentenceOf } from './changes.tsx'
import type { Look } from './past.ts'

export interface MomentParts {
  readonly session: StorySession
  readonly page: string
  readonly look: Look
  /** Whether nothing in particular was new then. */
  readonly isAll: boolean
}

export const MomentView = ({ session, page, look, isAll }: MomentParts) => {
  const surface = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const editor = new Editor({
      element: surface.current,
      injectCSS: false,
      editable: false,
      editorProps: { attributes: { role: 'document', 'aria-label': words.pageText, tabindex: '0' } },
      extensions: [
        ...pageExtensions({
          url: (sha256) => session.pictures.url(sha256, page),
          refusal: () => null,
          cover: null,
        }),
        blamePlugin,
      ],
    })
    const body = look.doc.getXmlFragment('body')
    if (!fits(body)) {
      editor.commands.setContent({ type: 'doc', content: linesOf(body.toArray()).map(paragraphOf) })
      return () => editor.destroy()
    }
    editor.commands.setContent(yXmlFragmentToProseMirrorRootNode(body, editor.schema).toJSON())
    const marks = marksOf(editor.state.doc, isAll ? standing(look.authors) : shownOf(look), titleOf)
    editor.view.dispatch(editor.state.tr.setMeta(...markAs(marks)))
    return () => editor.destroy()
  }, [session, page, look, isAll])
  return (
    <>
      <h1 class="page-title past-title">{look.doc.getText('title').toString() || words.untitledPage}</h1>
      <div class="surface" ref={surface} />
    </>
  )
}

const paragraphOf = (text: string) => ({ type: 'paragraph', content: text === '' ? [] : [{ type: 'text', text }] })

const titleOf = (span: Span): string => {
  if (span.op === 'delete') return sentenceOf(span)
  return words.wroteBy(span.author ?? words.somebody, span.to === null ? '' : moment(span.to))
}

const onlyThose = (texts: readonly SpansOf[], isWanted: (span: Span) => boolean): SpansOf[] =>
  texts.map((each) => ({ ...each, spans: each.spans.filter(isWanted) }))

/** Who wrote what stands: without saying that it was new. */
const standing = (texts: readonly SpansOf[]): SpansOf[] =>
  onlyThose(texts, ({ op }) => op !== 'delete').map((each) => ({
    ...each,
    spans: each.spans.map(({ op: _op, ...span }) => span),
  }))

const shownOf = ({ authors, changes }: Look): SpansOf[] => [...standing(authors), ...changes]
