/** A picture on a page: the document holds its name and what it shows in words, the bytes come from elsewhere. */
import { type Editor, mergeAttributes, Node } from '@tiptap/core'
import type { Node as PageNode } from '@tiptap/pm/model'
import { words } from '../words/words.ts'

export interface PictureParts {
  /** Address of a picture. @throws Error while it cannot be had */
  readonly url: (sha256: string) => Promise<string>
  /** Why the service did not take it, or null. */
  readonly refusal: (sha256: string) => string | null
  /** Makes it the story's cover; null: not offered. */
  readonly cover: ((sha256: string) => void) | null
}

/** A picture that is not there yet is looked for ever more slowly. */
const FIRST_LOOK_MS = 1000
const LAST_LOOK_MS = 30_000

export const picture = (parts: PictureParts) =>
  Node.create({
    name: 'picture',
    group: 'block',
    atom: true,
    draggable: true,
    addAttributes: () => ({ sha256: { default: null }, alt: { default: '' } }),
    parseHTML: () => [{ tag: 'figure[data-sha256]', getAttrs: (element) => attributesOf(element) }],
    renderHTML: ({ node, HTMLAttributes }) => [
      'figure',
      mergeAttributes({ 'data-sha256': node.attrs.sha256 }),
      ['img', { alt: HTMLAttributes.alt }],
    ],
    addNodeView:
      () =>
      ({ node, editor, getPos }) =>
        new PictureView(node, editor, getPos, parts),
  })

const attributesOf = (element: HTMLElement) => ({
  sha256: element.dataset.sha256 ?? null,
  alt: element.querySelector('img')?.alt ?? '',
})

const make = <K extends keyof HTMLElementTagNameMap>(
  kind: K,
  className: string,
  text = '',
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(kind)
  element.className = className
  element.textContent = text
  return element
}

class PictureView {
  readonly dom = make('figure', 'picture')
  readonly #image = make('img', '')
  readonly #note = make('p', 'picture-note faint')
  readonly #words = make('input', 'field')
  readonly #tools = make('div', 'picture-tools')
  readonly #editor: Editor
  readonly #parts: PictureParts
  readonly #position: () => number | undefined
  #node: PageNode
  #timer: ReturnType<typeof setTimeout> | null = null
  #isGone = false

  constructor(node: PageNode, editor: Editor, position: () => number | undefined, parts: PictureParts) {
    this.#node = node
    this.#editor = editor
    this.#parts = parts
    this.#position = position
    this.#note.setAttribute('role', 'note')
    this.#words.placeholder = words.describePicture
    this.#words.setAttribute('aria-label', words.describePicture)
    this.#words.addEventListener('change', () => this.#describe())
    this.#tools.append(this.#words)
    const { cover } = parts
    if (cover !== null) this.#offer(words.useAsCover, () => cover(this.#sha256))
    this.#offer(words.removePicture, () => this.#remove())
    this.dom.append(this.#image, this.#note, this.#tools)
    this.#show()
    this.#load(FIRST_LOOK_MS)
  }

  update(node: PageNode): boolean {
    if (node.type !== this.#node.type) return false
    const isOther = node.attrs.sha256 !== this.#sha256
    this.#node = node
    this.#show()
    if (isOther) this.#load(FIRST_LOOK_MS)
    return true
  }

  selectNode(): void {
    // There is nothing to do with it for whoever reads.
    if (this.#editor.isEditable) this.dom.classList.add('chosen')
  }

  deselectNode(): void {
    this.dom.classList.remove('chosen')
  }

  /** The words and buttons are the view's own. */
  stopEvent(event: Event): boolean {
    return this.#tools.contains(event.target as HTMLElement)
  }

  ignoreMutation(): boolean {
    return true
  }

  destroy(): void {
    this.#isGone = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  get #sha256(): string {
    return String(this.#node.attrs.sha256)
  }

  #show(): void {
    const alt = String(this.#node.attrs.alt ?? '')
    this.#image.alt = alt
    if (document.activeElement !== this.#words) this.#words.value = alt
    this.#tools.hidden = !this.#editor.isEditable
  }

  #load(retryMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#parts.url(this.#sha256).then(
      (url) => {
        const refusal = this.#parts.refusal(this.#sha256)
        this.#image.src = url
        this.#image.hidden = false
        this.#note.textContent = refusal === null ? '' : words.pictureRefused(refusal)
      },
      () => {
        if (this.#isGone) return
        this.#image.hidden = true
        this.#note.textContent = words.pictureComes
        this.#timer = setTimeout(() => this.#load(Math.min(LAST_LOOK_MS, retryMs * 2)), retryMs)
      },
    )
  }

  #offer(label: string, act: () => void): void {
    const button = make('button', 'button', label)
    button.type = 'button'
    button.addEventListener('click', act)
    this.#tools.append(button)
  }

  #describe(): void {
    const at = this.#position()
    if (at === undefined) return
    this.#editor.view.dispatch(this.#editor.state.tr.setNodeAttribute(at, 'alt', this.#words.value.trim()))
  }

  #remove(): void {
    const at = this.#position()
    if (at !== undefined) this.#editor.commands.deleteRange({ from: at, to: at + this.#node.nodeSize })
  }
}
