/** One page: its title, its text, and what somebody who writes on it has to know. */
import type { Editor } from '@tiptap/core'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Doc } from 'yjs'
import type { Provider } from '../../../shared/provider/provider.ts'
import { renamePage, setCover } from '../../../shared/story.ts'
import { linesOf } from '../device/pieces.ts'
import { usable } from '../device/usable.ts'
import { useObserved } from '../ui/observe.ts'
import { say } from '../ui/toast.tsx'
import { words } from '../words/words.ts'
import { saveAs } from './download.ts'
import { mayWrite, openEditor, repaint, toStart } from './editor.ts'
import { fits } from './fit.ts'
import { Notices } from './notices.tsx'
import { PlainPage } from './plain.tsx'
import { useReady } from './ready.ts'
import type { StorySession } from './session.ts'
import { Title } from './title.tsx'
import { Toolbar } from './toolbar.tsx'
import { useBlame } from './use-blame.ts'

export interface PageParts {
  readonly session: StorySession
  readonly provider: Provider
  readonly linkTaken: () => void
}

/** A thumbnail follows what is written, this long after. */
const PREVIEW_MS = 600

export const PageView = ({ session, provider, linkTaken }: PageParts) => {
  const state = useObserved(provider)
  const { colours } = useObserved(session)
  const { doc, isReady, isTried } = useReady(provider)
  const surface = useRef<HTMLDivElement>(null)
  const [editor, setEditor] = useState<Editor | null>(null)
  const [isFit, setFit] = useState(true)
  const { page } = provider
  const isReadOnly = state.readOnly !== null

  const addPictures = async (to: Editor, files: readonly File[], at: number | null): Promise<void> => {
    for (const file of files) {
      try {
        const sha256 = await session.pictures.add(file, page)
        const content = { type: 'picture', attrs: { sha256, alt: '' } }
        to.commands.insertContentAt(afterBlock(to, at ?? to.state.selection.to), content)
        if (session.canArrange && session.state.story.cover === null) setCover(session.index.doc, sha256)
      } catch (error) {
        say({ text: words.pictureFault(error instanceof Error ? error.message : String(error)) })
      }
    }
  }

  // Before the page is painted: it can be written on as soon as it is seen.
  useLayoutEffect(() => {
    if (!isReady || !isFit || surface.current === null) return
    usable()
    if (!fits(doc.getXmlFragment('body'))) return setFit(false)
    const opened: Editor = openEditor({
      element: surface.current,
      provider,
      user: session.colours.user,
      pictures: {
        url: (sha256) => session.pictures.url(sha256, page),
        refusal: (sha256) => session.pictures.refusal(sha256),
        cover: session.canArrange
          ? (sha256) => {
              setCover(session.index.doc, sha256)
              say({ text: words.coverSet })
            }
          : null,
      },
      takePictures: (files, at) => void addPictures(opened, files, at),
      unfit: () => setFit(false),
    })
    setEditor(opened)
    return () => {
      setEditor(null)
      opened.destroy()
    }
  }, [provider, doc, isReady, isFit])

  useEffect(() => {
    if (!isReady) return
    let timer: ReturnType<typeof setTimeout> | null = null
    const later = () => {
      timer ??= setTimeout(() => {
        timer = null
        session.preview(page, null)
      }, PREVIEW_MS)
    }
    later()
    doc.on('update', later)
    return () => {
      if (timer !== null) clearTimeout(timer)
      doc.off('update', later)
    }
  }, [provider, doc, isReady])

  useEffect(() => {
    if (editor !== null && !editor.isDestroyed) repaint(editor)
  }, [editor, colours])
  useEffect(() => editor?.setEditable(!isReadOnly, false), [editor, isReadOnly])
  const blame = useBlame(session.story, page, editor, state.saved.state === 'saved')

  return (
    <article class="page">
      <Notices
        state={state}
        provider={provider}
        story={session.story}
        isTried={isTried}
        keepCopy={() => {
          saveAs(copyOf(doc.getText('title').toString(), editor?.getHTML() ?? plainOf(doc)), `${page}.html`)
        }}
        linkTaken={linkTaken}
      />
      {editor !== null && !isReadOnly && (
        <Toolbar editor={editor} blame={blame} addPictures={(files) => void addPictures(editor, files, null)} />
      )}
      <div class="sheet" aria-busy={!isReady}>
        {isReady && (
          <Title
            key={doc.guid}
            doc={doc}
            isReadOnly={isReadOnly}
            changed={(title) => {
              if (session.canArrange) renamePage(session.index.doc, page, title)
            }}
            leave={() => {
              // At once: what is typed next belongs to the text.
              if (editor === null) return
              toStart(editor)
              editor.view.focus()
            }}
          />
        )}
        {isFit ? (
          <div class="surface" ref={surface} />
        ) : (
          <PlainPage doc={doc} mayWrite={mayWrite(state)} fitsAgain={() => setFit(true)} />
        )}
        {!isReady && <p class="faint opening">{words.opening}</p>}
      </div>
    </article>
  )
}

/** The end of the block at a position: a picture stands between paragraphs and splits none, which others may write in. */
const afterBlock = ({ state }: Editor, at: number): number => {
  const place = state.doc.resolve(Math.min(at, state.doc.content.size))
  return place.depth === 0 ? place.pos : place.after(1)
}

/** The page as a file to be read anywhere. */
const copyOf = (title: string, html: string): Blob =>
  new Blob([`<!doctype html><meta charset="utf-8">${elementOf('h1', title)}${html}`], { type: 'text/html' })

const plainOf = (doc: Doc): string =>
  linesOf(doc.getXmlFragment('body').toArray())
    .map((line) => elementOf('p', line))
    .join('')

const elementOf = (tag: string, text: string): string => {
  const element = document.createElement(tag)
  element.textContent = text
  return element.outerHTML
}
