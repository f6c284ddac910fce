/**
 * Taking a story away. Its text is written in a thread, page by page, and is in memory until it is sent; pictures are
 * read one at a time, as fast as whoever asked takes them.
 */
import type { Archive } from '../log/archive/archive.ts'
import type { AssetSummary } from '../log/archive/assets.ts'
import { ArchiveFault } from '../log/archive/fault.ts'
import type { PackedFile } from '../threads/story/pack.ts'
import { type Book, type BookOrder, readBook } from './book.ts'
import { EPUB_TYPE, epubFiles, picturePath } from './epub.ts'
import { fileNameOf, pictureFile } from './names.ts'
import { dataUrl, type Pieces, pictureMark, sheetPieces, sheetPolicy } from './sheets.ts'
import { joinArchives } from './zip.ts'

export const FORMATS = ['epub', 'html', 'markdown', 'print'] as const
export type Format = (typeof FORMATS)[number]

export interface Exported {
  readonly type: string
  /** How the file may be called. */
  readonly name: string
  /** What it may load where it is opened. */
  readonly policy: string
  readonly body: AsyncGenerator<Uint8Array>
}

export interface ExportOrder extends Pick<BookOrder, 'story' | 'language' | 'mayRead'> {
  readonly format: Format
}

/** A zip without its larger kind of numbers ends there. */
const MOST_BYTES = 4_000_000_000
const MOST_FILES = 60_000
const NOTHING = "default-src 'none'; sandbox"

/**
 * Reads a story and writes its text; its pictures are read while the body is.
 * @throws ArchiveFault: missing, full (more than can be written), busy; DatabaseError
 */
export const exportStory = async (archive: Archive, order: ExportOrder): Promise<Exported> => {
  switch (order.format) {
    case 'epub': {
      const book = await readBook(archive, { ...order, as: 'markup', deeper: 1, placeOf: pictureFile })
      const body = zipped(archive, book, epubFiles(book), picturePath)
      return { type: EPUB_TYPE, name: fileNameOf(book.title, 'epub'), policy: NOTHING, body }
    }
    case 'markdown':
      return markdown(archive, order)
    case 'html':
    case 'print': {
      const book = await readBook(archive, { ...order, as: 'markup', deeper: 2, placeOf: pictureMark })
      const kind = order.format === 'html' ? 'read' : 'print'
      const body = filled(archive, book, sheetPieces(book, kind))
      const name = fileNameOf(book.title, kind === 'read' ? 'html' : 'print.html')
      return { type: 'text/html; charset=utf-8', name, policy: sheetPolicy(kind), body }
    }
    default:
      return order.format satisfies never
  }
}

/** One file, and where there are pictures they go with it in a zip. */
const markdown = async (archive: Archive, order: ExportOrder): Promise<Exported> => {
  const book = await readBook(archive, { ...order, as: 'markdown', deeper: 2, placeOf: pictureFile })
  const cover = book.cover === null ? [] : [`![](${pictureFile(book.cover)})\n`]
  const pages = book.pages.map(({ title, content }) => `## ${plain(title)}\n\n${content}`)
  const text = [`# ${plain(book.title)}\n`, ...cover, ...pages].join('\n')
  if (book.pictures.length === 0) {
    const type = 'text/markdown; charset=utf-8'
    return { type, name: fileNameOf(book.title, 'md'), policy: NOTHING, body: once(text) }
  }
  const file = { name: 'story.md', data: text, isStored: false }
  const body = zipped(archive, book, [file], pictureFile)
  return { type: 'application/zip', name: fileNameOf(book.title, 'md.zip'), policy: NOTHING, body }
}

/** A title on its line, where nothing in it means anything. */
const plain = (title: string): string => title.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|!&]/g, '\\$&')

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

const zipped = (
  archive: Archive,
  book: Book,
  files: readonly PackedFile[],
  pathOf: (picture: AssetSummary) => string,
): AsyncGenerator<Uint8Array> => {
  const bytes = book.pictures.reduce((sum, picture) => sum + picture.bytes, 0)
  if (bytes > MOST_BYTES || files.length + book.pictures.length > MOST_FILES) {
    throw new ArchiveFault('full', 'the story is larger than one file may be')
  }
  return joinArchives(archivesOf(archive, book, files, pathOf))
}

async function* archivesOf(
  archive: Archive,
  { story, lastEdit, pictures }: Book,
  files: readonly PackedFile[],
  pathOf: (picture: AssetSummary) => string,
): AsyncGenerator<Uint8Array> {
  yield await archive.packFiles(files, lastEdit)
  for (const picture of pictures) {
    const { data } = await archive.readAsset(story, picture.sha256)
    yield await archive.packFiles([{ name: pathOf(picture), data, isStored: true }], lastEdit)
  }
}

/** The text, with each picture where it belongs. */
async function* filled(archive: Archive, { story }: Book, pieces: Pieces): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for (const piece of pieces) {
    if ('text' in piece) yield encoder.encode(piece.text)
    else {
      const { type, data } = await archive.readAsset(story, piece.sha256)
      yield encoder.encode(dataUrl(type, data))
    }
  }
}
