/** The editor of one page, bound to its document. */
import { type Content, Editor, type EditorOptions } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { Dropcursor } from '@tiptap/extensions/drop-cursor'
import { Gapcursor } from '@tiptap/extensions/gap-cursor'
import { Placeholder } from '@tiptap/extensions/placeholder'
import { Selection } from '@tiptap/pm/state'
import { initProseMirrorDoc, yCursorPluginKey, ySyncPluginKey, yUndoPluginKey } from '@tiptap/y-tiptap'
import type { Transaction, UndoManager } from 'yjs'
import type { Provider } from '../../../shared/provider/provider.ts'
import { words } from '../words/words.ts'
import { blamePlugin } from './blame.ts'
import { caretOf, repaintCarets, selectionOf } from './carets.ts'
import { pageExtensions } from './extensions.ts'
import { fits, mend, stillFits } from './fit.ts'
import type { PictureParts } from './picture.ts'

export interface EditorParts {
  readonly element: HTMLElement
  readonly provider: Provider
  /** What the others are told of whoever writes here. */
  readonly user: Readonly<Record<string, unknown>>
  readonly pictures: PictureParts
  /** Takes pictures that were pasted or dropped. @param at where in the document; null: where the caret is */
  readonly takePictures: (files: readonly File[], at: number | null) => void
  /** The page came to hold what the editor cannot show, which is closed already. */
  readonly unfit: () => void
}

/** Whether the service said that the page may be written here. */
export const mayWrite = ({ role, readOnly }: Provider['state']): boolean => role !== null && readOnly === null

/** Opens the editor on a page that fits; `destroy()` ends it. */
export const openEditor = ({ element, provider, user, pictures, takePictures, unfit }: EditorParts): Editor => {
  const { doc } = provider
  const body = doc.getXmlFragment('body')
  const mapping: ReturnType<typeof initProseMirrorDoc>['mapping'] = new Map()
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
    // It begins with the page as it is: put in later, the caret would stand where no letters can be.
    onBeforeCreate: ({ editor: { options, schema } }) => {
      if (body.length === 0) return
      const begun = initProseMirrorDoc(body, schema)
      for (const [type, node] of begun.mapping) mapping.set(type, node)
      options.content = begun.doc as unknown as Content
    },
    extensions: [
      ...pageExtensions(pictures),
      Collaboration.configure({ fragment: body, ySyncOptions: { mapping } }),
      CollaborationCaret.configure({
        provider,
        user,
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
  // Before the binding looks, which would delete.
  const look = (transaction: Transaction) => {
    if (transaction.origin === ySyncPluginKey || stillFits(body, transaction)) return
    if (mayWrite(provider.state)) mend(body)
    if (fits(body)) return
    editor.destroy()
    unfit()
  }
  doc.on('beforeObserverCalls', look)
  editor.on('destroy', () => doc.off('beforeObserverCalls', look))
  toStart(editor)
  return editor
}

/** Paints the others’ cursors in the colours of now. */
export const repaint = ({ state, view }: Editor): void => {
  view.dispatch(state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true }))
  repaintCarets(view.dom)
}

/** Puts the caret before the first letter; where none can be, it stays. */
export const toStart = ({ state, view }: Editor): void => {
  const place = Selection.findFrom(state.doc.resolve(0), 1, true)
  if (place !== null) view.dispatch(state.tr.setSelection(place))
}

const picturesIn = (data: DataTransfer | null): File[] =>
  [...(data?.files ?? [])].filter(({ type }) => type.startsWith('image/'))
