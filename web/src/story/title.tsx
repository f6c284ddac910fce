/** The title of a page: one text that several may write, with an undo that takes back one's own. */
import { useEffect, useRef } from 'preact/hooks'
import * as Y from 'yjs'
import { bindTextarea } from '../textarea.ts'
import { words } from '../words/words.ts'

export interface TitleParts {
  readonly doc: Y.Doc
  readonly isReadOnly: boolean
  /** Somebody here changed it. */
  readonly changed: (title: string) => void
  /** Enter, or arrow down. */
  readonly leave: () => void
}

export const Title = ({ doc, isReadOnly, changed, leave }: TitleParts) => {
  const area = useRef<HTMLTextAreaElement>(null)
  const undo = useRef<Y.UndoManager | null>(null)

  useEffect(() => {
    const text = doc.getText('title')
    const mine = {}
    const manager = new Y.UndoManager(text, { trackedOrigins: new Set([mine]) })
    const tell = (_event: Y.YTextEvent, { origin }: Y.Transaction) => {
      if (origin === mine || origin === manager) changed(text.toString())
    }
    const unbind = bindTextarea(area.current as HTMLTextAreaElement, text, mine)
    text.observe(tell)
    undo.current = manager
    return () => {
      text.unobserve(tell)
      manager.destroy()
      unbind()
    }
  }, [doc])

  const onKeyDown = (event: KeyboardEvent) => {
    const key = event.key.toLowerCase()
    if (event.isComposing) return
    if (key === 'enter' || key === 'arrowdown') {
      event.preventDefault()
      leave()
    } else if ((event.ctrlKey || event.metaKey) && (key === 'z' || key === 'y')) {
      event.preventDefault()
      if (key === 'y' || event.shiftKey) undo.current?.redo()
      else undo.current?.undo()
    }
  }

  return (
    <h1 class="page-title">
      <textarea
        ref={area}
        rows={1}
        readOnly={isReadOnly}
        aria-label={words.pageTitle}
        placeholder={words.untitledPage}
        onKeyDown={onKeyDown}
      />
    </h1>
  )
}
