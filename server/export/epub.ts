/** A story as EPUB 3: its files, of which the one that names the type comes first. */
import { createHash } from 'node:crypto'
import type { AssetSummary } from '../log/archive/assets.ts'
import type { PackedFile } from '../threads/story/pack.ts'
import { lines, type Markup, markup, xml } from '../threads/story/xml.ts'
import type { Book } from './book.ts'
import { pictureFile } from './names.ts'

export const EPUB_TYPE = 'application/epub+zip'

const DECLARATION = markup('<?xml version="1.0" encoding="UTF-8"?>\n')
const DOCTYPE = markup('<!DOCTYPE html>\n')
const FOLDER = 'story'

const STYLE = `body { line-height: 1.5; }
h1, h2, h3 { line-height: 1.2; text-align: start; }
figure { margin: 1em 0; text-align: center; page-break-inside: avoid; break-inside: avoid; }
img { max-width: 100%; max-height: 90vh; }
blockquote { margin: 1em 1.5em; font-style: italic; }
.title { text-align: center; }
`

/** Shown by readers that know no AVIF, which an EPUB may hold only beside a picture of an older type: one clear dot. */
const NO_PICTURE = {
  name: 'no-picture.png',
  data: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  ),
}

/** Every file but the pictures. */
export const epubFiles = (book: Book): PackedFile[] => {
  const files: Record<string, string | Uint8Array | Markup> = {
    'META-INF/container.xml': container(),
    [`${FOLDER}/package.opf`]: packageOf(book),
    [`${FOLDER}/nav.xhtml`]: navigation(book),
    [`${FOLDER}/style.css`]: STYLE,
    [`${FOLDER}/title.xhtml`]: titlePage(book),
    ...(hasAvif(book) ? { [`${FOLDER}/${NO_PICTURE.name}`]: NO_PICTURE.data } : {}),
  }
  for (const [at, { title, content }] of book.pages.entries()) {
    const body = xml`<section epub:type="chapter"><h1>${title}</h1>\n${markup(content)}</section>`
    files[`${FOLDER}/${pageFile(at)}`] = documentOf(book, title, body)
  }
  const mimetype = { name: 'mimetype', data: EPUB_TYPE, isStored: true }
  const others = Object.entries(files).map(([name, data]) => ({
    name,
    data: data instanceof Uint8Array ? data : String(data),
    isStored: false,
  }))
  return [mimetype, ...others]
}

/** Where a picture lies in the archive. */
export const picturePath = (picture: AssetSummary): string => `${FOLDER}/${pictureFile(picture)}`

const pageFile = (at: number): string => `page-${String(at + 1).padStart(4, '0')}.xhtml`

const hasAvif = ({ pictures }: Book): boolean => pictures.some(({ type }) => type === 'image/avif')

const container =
  (): Markup => xml`${DECLARATION}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="${FOLDER}/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
`

const packageOf = (
  book: Book,
): Markup => xml`${DECLARATION}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="${book.language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">${identifierOf(book.story)}</dc:identifier>
<dc:title>${book.title}</dc:title>
<dc:language>${book.language}</dc:language>
<meta property="dcterms:modified">${book.lastEdit.toISOString().replace(/\.\d+Z$/, 'Z')}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="style.css" media-type="text/css"/>
<item id="title" href="title.xhtml" media-type="application/xhtml+xml"/>
${hasAvif(book) ? xml`<item id="no-picture" href="${NO_PICTURE.name}" media-type="image/png"/>\n` : null}${lines(
  book.pages.map((_, at) => xml`<item id="page-${at + 1}" href="${pageFile(at)}" media-type="application/xhtml+xml"/>`),
)}
${lines(book.pictures.map((picture, at) => pictureItem(book, picture, at)))}
</manifest>
<spine>
<itemref idref="title"/>
${lines(book.pages.map((_, at) => xml`<itemref idref="page-${at + 1}"/>`))}
</spine>
</package>
`

const pictureItem = (book: Book, picture: AssetSummary, at: number): Markup => {
  const cover = picture.sha256 === book.cover?.sha256 ? markup(' properties="cover-image"') : null
  const fallback = picture.type === 'image/avif' ? markup(' fallback="no-picture"') : null
  const place = pictureFile(picture)
  return xml`<item id="picture-${at + 1}" href="${place}" media-type="${picture.type}"${cover}${fallback}/>`
}

const navigation = (book: Book): Markup =>
  documentOf(
    book,
    book.title,
    xml`<nav epub:type="toc" id="toc"><h1>${book.title}</h1>
<ol>
${book.pages.length === 0 ? xml`<li><a href="title.xhtml">${book.title}</a></li>` : null}${lines(
  book.pages.map(({ title }, at) => xml`<li><a href="${pageFile(at)}">${title}</a></li>`),
)}
</ol></nav>`,
  )

const titlePage = (book: Book): Markup =>
  documentOf(
    book,
    book.title,
    xml`<section class="title" epub:type="titlepage"><h1>${book.title}</h1>
${book.cover === null ? null : xml`<figure><img src="${pictureFile(book.cover)}" alt=""/></figure>`}</section>`,
  )

const documentOf = (
  { language }: Book,
  title: string,
  body: Markup,
): Markup => xml`${DECLARATION}${DOCTYPE}<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="${language}" xml:lang="${language}">
<head><title>${title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>${body}</body>
</html>
`

/** The same for the same story, so that a reader sees a newer copy as such. */
const identifierOf = (story: string): string => {
  const hash = createHash('sha256').update(`scriptorium story ${story}`).digest()
  // RFC 9562: version 8 is anybody's own way to make one.
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
