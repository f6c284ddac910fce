/** The buttons over a page (under it on phones); arrow keys walk along them. */
import type { Editor } from '@tiptap/core'
import type { IconNode } from 'lucide'
import {
  Bold,
  Camera,
  Heading2,
  Heading3,
  Highlighter,
  ImagePlus,
  Italic,
  List,
  ListOrdered,
  Redo2,
  TextQuote,
  Undo2,
} from 'lucide'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/words.ts'

interface Tool {
  readonly icon: IconNode
  readonly label: string
  readonly act: () => void
  readonly isOn?: boolean
  readonly isOff?: boolean
}

export interface ToolbarParts {
  readonly editor: Editor
  readonly addPictures: (files: readonly File[]) => void
  readonly blame: { readonly isOn: boolean; readonly toggle: () => void }
}

export const Toolbar = ({ editor, addPictures, blame }: ToolbarParts) => {
  const [, setRound] = useState(0)
  useEffect(() => {
    const look = () => setRound((round) => round + 1)
    editor.on('transaction', look)
    return () => {
      editor.off('transaction', look)
    }
  }, [editor])
  const bar = useRef<HTMLDivElement>(null)
  const choose = useRef<HTMLInputElement>(null)
  const photo = useRef<HTMLInputElement>(null)

  const run = () => editor.chain().focus()
  // What a narrow screen shows first is what children look for; it scrolls to the rest.
  const tools: Tool[] = [
    { icon: Undo2, label: words.undo, act: () => run().undo().run(), isOff: !editor.can().undo() },
    { icon: Redo2, label: words.redo, act: () => run().redo().run(), isOff: !editor.can().redo() },
    { icon: ImagePlus, label: words.picture, act: () => choose.current?.click() },
    { icon: Bold, label: words.bold, act: () => run().toggleBold().run(), isOn: editor.isActive('bold') },
    { icon: Italic, label: words.italic, act: () => run().toggleItalic().run(), isOn: editor.isActive('italic') },
    {
      icon: Heading2,
      label: words.heading,
      act: () => run().toggleHeading({ level: 2 }).run(),
      isOn: editor.isActive('heading', { level: 2 }),
    },
    {
      icon: Heading3,
      label: words.subheading,
      act: () => run().toggleHeading({ level: 3 }).run(),
      isOn: editor.isActive('heading', { level: 3 }),
    },
    {
      icon: List,
      label: words.bulletList,
      act: () => run().toggleBulletList().run(),
      isOn: editor.isActive('bulletList'),
    },
    {
      icon: ListOrdered,
      label: words.orderedList,
      act: () => run().toggleOrderedList().run(),
      isOn: editor.isActive('orderedList'),
    },
    {
      icon: TextQuote,
      label: words.quote,
      act: () => run().toggleBlockquote().run(),
      isOn: editor.isActive('blockquote'),
    },
    { icon: Highlighter, label: words.whoWrote, act: blame.toggle, isOn: blame.isOn },
  ]
  if (matchMedia('(pointer: coarse)').matches) {
    tools.splice(3, 0, { icon: Camera, label: words.photo, act: () => photo.current?.click() })
  }

  // A button that is off cannot be reached by the Tab key.
  const first = tools.findIndex(({ isOff }) => isOff !== true)

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const buttons = [...(bar.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLElement)
    buttons[(at + step + buttons.length) % buttons.length]?.focus()
  }
  const take = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement
    addPictures([...(input.files ?? [])])
    input.value = ''
  }

  return (
    <div class="toolbar" role="toolbar" aria-label={words.formatting} ref={bar} onKeyDown={onKeyDown} tabIndex={-1}>
      {tools.map(({ icon, label, act, isOn, isOff }, at) => (
        <button
          type="button"
          key={label}
          class="button quiet round"
          tabIndex={at === first ? 0 : -1}
          aria-label={label}
          title={label}
          {...(isOn === undefined ? {} : { 'aria-pressed': isOn })}
          disabled={isOff ?? false}
          // The caret, and a phone's keyboard, stay where they are.
          onPointerDown={(event) => event.preventDefault()}
          onClick={act}
        >
          <Icon of={icon} />
        </button>
      ))}
      <input ref={choose} type="file" accept="image/*" multiple hidden onChange={take} aria-label={words.picture} />
      <input
        ref={photo}
        type="file"
        accept="image/*"
        capture="environment"
        hidden
        onChange={take}
        aria-label={words.photo}
      />
    </div>
  )
}
