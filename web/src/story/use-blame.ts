/** Shows in the editor who wrote what, for as long as somebody wants to see it. */
import type { Editor } from '@tiptap/core'
import { DecorationSet } from '@tiptap/pm/view'
import { useEffect, useState } from 'preact/hooks'
import { askJson } from '../device/api.ts'
import { pathOf } from '../device/path.ts'
import { say } from '../ui/toast.tsx'
import { ago, words } from '../words/words.ts'
import { markAs, marksOf, type Span, type SpansOf } from './blame.ts'

const REST_MS = 400

const said = ({ author, to }: Span): string => words.wroteBy(author ?? words.somebody, to === null ? '' : ago(to))

/** @param isSaved what is not in the database has no author yet */
export const useBlame = (story: string, page: string, editor: Editor | null, isSaved: boolean) => {
  const [isOn, setOn] = useState(false)
  useEffect(() => {
    if (editor === null || !isOn || !isSaved) return
    let isLeft = false
    const look = () =>
      askJson<{ readonly texts: readonly SpansOf[] }>(story, `${pathOf(story, page)}/authors`).then(
        ({ texts }) => {
          if (!isLeft) editor.view.dispatch(editor.state.tr.setMeta(...markAs(marksOf(editor.state.doc, texts, said))))
        },
        (error: Error) => {
          if (isLeft) return
          setOn(false)
          say({ text: words.failed(error.message) })
        },
      )
    // Whoever types is saved with each letter: the authors are asked for when they rest.
    const timer = setTimeout(look, REST_MS)
    return () => {
      isLeft = true
      clearTimeout(timer)
    }
  }, [story, page, editor, isOn, isSaved])
  const toggle = () => {
    if (isOn) editor?.view.dispatch(editor.state.tr.setMeta(...markAs(DecorationSet.empty)))
    setOn(!isOn)
  }
  return { isOn, toggle }
}
