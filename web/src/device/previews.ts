/** What the thumbnails of pages show: a little of each page as this device saw it last. */
import type * as Y from 'yjs'
import { keep, recall } from './kept.ts'
import { piecesOf } from './pieces.ts'

export interface Preview {
  readonly text: string
  /** sha256 of the first picture; null: there is none. */
  readonly picture: string | null
  /** When the page was last edited, as the service said; null: only this device knows. */
  readonly lastEdit: string | null
}

const MOST_LETTERS = 220

/** The beginning of a page. */
const previewOf = (doc: Y.Doc): Pick<Preview, 'text' | 'picture'> => {
  const parts: string[] = []
  let picture: string | null = null
  let letters = 0
  for (const piece of piecesOf(doc.getXmlFragment('body').toArray())) {
    if (typeof piece === 'string') {
      parts.push(piece)
      letters += piece.length
    } else if (piece.nodeName === 'picture') {
      picture ??= piece.getAttribute('sha256') ?? null
    }
    if (letters > MOST_LETTERS && picture !== null) break
  }
  return { text: parts.join(' ').slice(0, MOST_LETTERS), picture }
}

/** Previews of a story's pages, kept on this device. */
export class Previews {
  readonly #key: string
  #all: Readonly<Record<string, Preview>>

  constructor(story: string) {
    this.#key = `previews:${story}`
    this.#all = recall(this.#key, {})
  }

  /** The same object until something changes. */
  get all(): Readonly<Record<string, Preview>> {
    return this.#all
  }

  /** Looks at a page. @param lastEdit as the service said; null: not known here */
  take(page: string, doc: Y.Doc, lastEdit: string | null): void {
    const before = this.#all[page]
    const preview = { ...previewOf(doc), lastEdit: lastEdit ?? before?.lastEdit ?? null }
    if (JSON.stringify(before) === JSON.stringify(preview)) return
    this.#all = { ...this.#all, [page]: preview }
    keep(this.#key, this.#all)
  }
}
