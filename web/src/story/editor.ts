/** The editor of one page, bound to its document. */
import { Editor, type EditorOptions } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { Dropcursor } from '@tiptap/extensions/drop-cursor'
import { Gapcursor } from '@tiptap/extensions/gap-cursor'
import { Placeholder } from '@tiptap/extensions/placeholder'
import { yUndoPluginKey } from '@tiptap/y-tiptap'
import type { UndoManager } from 'yjs'
import type { Provider } from '../../../shared/provider/provider.ts'
import { type Face, hexOf } from '../ui/person.tsx'
import { words } from '../words/words.ts'
import { blamePlugin } from './blame.ts'
import { caretOf, selectionOf } from './carets.ts'
import { pageExtensions } from './extensions.ts'
import type { PictureParts } from './picture.ts'

export interface EditorParts {
  readonly element: HTMLElement
  readonly provider: Provider
  readonly me: Face
  readonly pictures: PictureParts
  /** Takes pictures that were pasted or dropped. @param at where in the document; null: where the caret is */
  readonly takePictures: (files: readonly File[], at: number | null) => void
}

/** Opens the editor; `destroy()` ends it. */
export const openEditor = ({ element, provider, me, pictures, takePictures }: EditorParts): Editor => {
  const editorProps: EditorOptions['editorProps'] = {
    attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': words.pageText },
    handlePaste: (_view, event) => {
      const files = picturesIn(event.clipboardData)
      if (files.length > 0) takePictures(files, null)
      return files.length > 0
    },
    handleDrop: (view, event, _slice, isMoved) => {
      const files = isMoved ? [] : picturesIn(event.dataTransfer)
      const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? null
      if (files.length > 0) takePictures(files, at)
      return files.length > 0
    },
  }
  const editor = new Editor({
    element,
    // The policy of the service takes no styles but those of its own files.
    injectCSS: false,
    editable: provider.state.readOnly === null,
    editorProps,
    extensions: [
      ...pageExtensions(pictures),
      Collaboration.configure({ fragment: provider.doc.getXmlFragment('body') }),
      CollaborationCaret.configure({
        provider,
        user: { id: me.id, name: me.name, color: hexOf(me.id) },
        render: caretOf,
        selectionRender: selectionOf,
      }),
      Placeholder.configure({ placeholder: words.startWriting }),
      Dropcursor.configure({ color: false, class: 'drop-line' }),
      Gapcursor,
      blamePlugin,
    ],
  })
  // The binding ends a step of undo whenever a cursor of somebody else moves, which leaves single letters.
  const { undoManager } = yUndoPluginKey.getState(editor.state) as { undoManager: UndoManager }
  undoManager.stopCapturing = () => undefined
  return editor
}

const picturesIn = (data: DataTransfer | null): File[] =>
  [...(data?.files ?? [])].filter(({ type }) => type.startsWith('image/'))
