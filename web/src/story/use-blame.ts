/** Shows in the editor who wrote what, for as long as somebody wants to see it. */
import type { Editor } from '@tiptap/core'
import { DecorationSet } from '@tiptap/pm/view'
import { useEffect, useState } from 'preact/hooks'
import { askJson, pathOf } from '../device/api.ts'
import { say } from '../ui/toast.tsx'
import { ago, words } from '../words/words.ts'
import { markAs, marksOf, type SpansOf } from './blame.ts'

/** @param isSaved what is not in the database has no author yet */
export const useBlame = (story: string, page: string, editor: Editor | null, isSaved: boolean) => {
  const [isOn, setOn] = useState(false)
  useEffect(() => {
    if (editor === null || !isOn || !isSaved) return
    let isLeft = false
    askJson<{ readonly texts: readonly SpansOf[] }>(story, `${pathOf(story, page)}/authors`).then(
      ({ texts }) => {
        if (isLeft) return
        const title = ({ author, to }: { author: string | null; to: string | null }) =>
          words.wroteBy(author ?? words.somebody, to === null ? '' : ago(to))
        editor.view.dispatch(editor.state.tr.setMeta(...markAs(marksOf(editor.state.doc, texts, title))))
      },
      (error: Error) => {
        if (isLeft) return
        setOn(false)
        say({ text: words.failed(error.message) })
      },
    )
    return () => {
      isLeft = true
    }
  }, [story, page, editor, isOn, isSaved])
  const toggle = () => {
    if (isOn) editor?.view.dispatch(editor.state.tr.setMeta(...markAs(DecorationSet.empty)))
    setOn(!isOn)
  }
  return { isOn, toggle }
}
