/** One page in each of the editors that have a binding to Yjs, set up as the binding's own manual says. */
import { EditorState } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { LexicalCollaboration } from '@lexical/react/LexicalCollaborationContext'
import { CollaborationPlugin } from '@lexical/react/LexicalCollaborationPlugin'
import { LexicalComposer } from '@lexical/react/LexicalComposer'
import { ContentEditable } from '@lexical/react/LexicalContentEditable'
import { EditorRefPlugin } from '@lexical/react/LexicalEditorRefPlugin'
import { LexicalErrorBoundary } from '@lexical/react/LexicalErrorBoundary'
import { RichTextPlugin } from '@lexical/react/LexicalRichTextPlugin'
import { baseKeymap } from '@tiptap/pm/commands'
import { keymap as proseKeys } from '@tiptap/pm/keymap'
import { Schema } from '@tiptap/pm/model'
import { EditorState as ProseState } from '@tiptap/pm/state'
import { EditorView as ProseView } from '@tiptap/pm/view'
import { $getRoot, type LexicalEditor } from 'lexical'
import Quill from 'quill'
import QuillCursors from 'quill-cursors'
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import { redo, undo, yCursorPlugin, ySyncPlugin, yUndoPlugin } from 'y-prosemirror'
import { QuillBinding } from 'y-quill'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { indexedDb } from '../../../shared/provider/indexeddb.ts'
import { connect, type Provider } from '../../../shared/provider/provider.ts'

export type Editor = 'codemirror' | 'quill' | 'prosemirror' | 'lexical'

export interface Mounting {
  readonly editor: Editor
  readonly url: string
  readonly page: string
  readonly name: string
  /** With a stock provider in the place of ours. */
  readonly isStock: boolean
  /** Whether this is who fills an empty page, which Lexical leaves to one. */
  readonly isFirst: boolean
}

type Provided = Provider | WebsocketProvider

/** Moving over is the change of one call. */
const provide = (doc: Y.Doc, { url, page, isStock }: Mounting): Provided =>
  isStock
    ? new WebsocketProvider(url, `s1/${page}`, doc, { connect: false })
    : connect({ url, story: 's1', page, doc, connect: false, offline: indexedDb() })

interface Mounted {
  readonly provider: Provided
  /** All of the text, as the editor has it. */
  readonly text: () => string
}

type Mount = (parent: HTMLElement, mounting: Mounting) => Mounted

const open = (mounting: Mounting): { doc: Y.Doc; provider: Provided } => {
  const doc = new Y.Doc()
  const provider = provide(doc, mounting)
  provider.awareness.setLocalStateField('user', { name: mounting.name, color: '#118833', colorLight: '#11883333' })
  provider.connect()
  return { doc, provider }
}

const mountCodeMirror: Mount = (parent, mounting) => {
  const { doc, provider } = open(mounting)
  const text = doc.getText('text')
  const undoManager = new Y.UndoManager(text)
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [keymap.of([...yUndoManagerKeymap]), yCollab(text, provider.awareness, { undoManager })],
    }),
  })
  return { provider, text: () => view.state.doc.toString() }
}

const mountQuill: Mount = (parent, mounting) => {
  const { doc, provider } = open(mounting)
  Quill.register('modules/cursors', QuillCursors)
  const quill = new Quill(parent, { modules: { cursors: true, history: { userOnly: true } } })
  new QuillBinding(doc.getText('text'), quill, provider.awareness)
  return { provider, text: () => quill.getText() }
}

/** As the style sheets of these editors have it: without it a browser writes other spaces where one ends a line. */
document.head.appendChild(document.createElement('style')).textContent = '[contenteditable] { white-space: pre-wrap }'

const SCHEMA = new Schema({
  nodes: {
    doc: { content: 'paragraph+' },
    paragraph: { content: 'text*', parseDOM: [{ tag: 'p' }], toDOM: () => ['p', 0] },
    text: {},
  },
})

const mountProseMirror: Mount = (parent, mounting) => {
  const { doc, provider } = open(mounting)
  const view = new ProseView(parent, {
    state: ProseState.create({
      schema: SCHEMA,
      plugins: [
        ySyncPlugin(doc.getXmlFragment('text')),
        yCursorPlugin(provider.awareness),
        yUndoPlugin(),
        proseKeys({ 'Mod-z': undo, 'Mod-y': redo }),
        proseKeys(baseKeymap),
      ],
    }),
  })
  return { provider, text: () => view.state.doc.textContent }
}

const mountLexical: Mount = (parent, mounting) => {
  let lexical = null as LexicalEditor | null
  const doc = new Y.Doc()
  const provider = provide(doc, mounting)
  type Factory = Parameters<typeof CollaborationPlugin>[0]['providerFactory']
  const providerFactory: Factory = (id, docs) => {
    docs.set(id, doc)
    // Its types ask of an awareness what no Yjs provider's has.
    return provider as unknown as ReturnType<Factory>
  }
  const initialConfig = {
    namespace: 'page',
    editorState: null,
    onError: (error: Error) => {
      throw error
    },
  }
  const composer = createElement(
    LexicalComposer,
    // Its types want children among the properties, where React's rules do not.
    { initialConfig } as Parameters<typeof LexicalComposer>[0],
    createElement(RichTextPlugin, {
      contentEditable: createElement(ContentEditable),
      ErrorBoundary: LexicalErrorBoundary,
    }),
    createElement(CollaborationPlugin, {
      id: mounting.page,
      providerFactory,
      shouldBootstrap: mounting.isFirst,
      username: mounting.name,
    }),
    createElement(EditorRefPlugin, {
      editorRef: (editor: LexicalEditor | null) => {
        lexical = editor
      },
    }),
  )
  createRoot(parent).render(createElement(StrictMode, null, createElement(LexicalCollaboration, null, composer)))
  return { provider, text: () => lexical?.getEditorState().read(() => $getRoot().getTextContent()) ?? '' }
}

const MOUNTS: Record<Editor, Mount> = {
  codemirror: mountCodeMirror,
  quill: mountQuill,
  prosemirror: mountProseMirror,
  lexical: mountLexical,
}

let mounted: Mounted | null = null
const there = (): Mounted => {
  if (mounted === null) throw new Error('no editor is mounted')
  return mounted
}

const editors = {
  mount: (mounting: Mounting) => {
    const parent = document.body.appendChild(document.createElement('div'))
    mounted = MOUNTS[mounting.editor](parent, mounting)
  },
  text: () => there().text().trim(),
  isSynced: () => there().provider.synced,
  /** Of ours. */
  state: () => (there().provider as Provider).state,
}

export type Editors = typeof editors

Object.assign(globalThis, { editors })
