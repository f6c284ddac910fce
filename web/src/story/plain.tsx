/** A page that holds what the editor cannot show: its text, to be read, and nothing of it touched. */
import { FileQuestionMark } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import type * as Y from 'yjs'
import { hasKeys, linesOf } from '../device/pieces.ts'
import { words } from '../words/words.ts'
import { fits, mend } from './fit.ts'
import { Notice } from './notices.tsx'
import { makeParagraphs } from './paragraphs.ts'

export interface PlainParts {
  readonly doc: Y.Doc
  /** Whether the service said that it may be written. */
  readonly mayWrite: boolean
  /** The editor can show it now. */
  readonly fitsAgain: () => void
}

export const PlainPage = ({ doc, mayWrite, fitsAgain }: PlainParts) => {
  const body = doc.getXmlFragment('body')
  const [lines, setLines] = useState<readonly string[]>(() => linesOf(body.toArray()))
  useEffect(() => {
    const look = () => {
      if (mayWrite) mend(body)
      if (fits(body)) fitsAgain()
      else setLines(linesOf(body.toArray()))
    }
    look()
    doc.on('update', look)
    return () => doc.off('update', look)
  }, [doc, mayWrite])
  return (
    <>
      <Notice icon={FileQuestionMark}>
        <p>
          <strong>{words.notShown}</strong> {words.notShownHint}
        </p>
        {mayWrite && !hasKeys(body) && (
          <button
            type="button"
            class="button"
            onClick={() => {
              if (confirm(words.makeParagraphsSure)) makeParagraphs(doc)
            }}
          >
            {words.makeParagraphs}
          </button>
        )}
      </Notice>
      <div class="plain" role="document" aria-label={words.pageText}>
        {lines.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else that tells them apart
          <p key={at}>{line}</p>
        ))}
      </div>
    </>
  )
}
