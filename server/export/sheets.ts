/** A story as one HTML file, to be read or to be printed; it needs nothing beside it. */
import { createHash } from 'node:crypto'
import type { AssetSummary } from '../log/archive/assets.ts'
import { lines, type Markup, markup, xml } from '../threads/story/xml.ts'
import type { Book } from './book.ts'

const COMMON = `
body { margin: 0 auto; font-family: Georgia, 'Times New Roman', serif; line-height: 1.6; overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.25; }
figure { margin: 1.5em 0; text-align: center; break-inside: avoid; }
img { max-width: 100%; height: auto; }
blockquote { margin: 1em 1.5em; font-style: italic; }
pre { white-space: pre-wrap; }
`

const READ = `${COMMON}
:root { color-scheme: light dark; }
body { max-width: 38rem; padding: 2rem 1rem 4rem; }
section { margin-top: 4rem; }
`

const PRINT = `${COMMON}
@page { size: A4; margin: 20mm; }
body { max-width: 170mm; color: #000; background: #fff; font-size: 12pt; }
header, section { break-after: page; padding: 10mm 0; }
section:last-of-type { break-after: auto; }
header { text-align: center; }
figure img { max-height: 130mm; }
@media print { header, section { padding: 0; } header { padding-top: 60mm; } }
`

/** Brackets the hash of a picture, where its bytes come later. No text holds this character: XML forbids it. */
const MARK = '\0'

/** Where a picture is found until it is put in. */
export const pictureMark = ({ sha256 }: Pick<AssetSummary, 'sha256'>): string => `${MARK}${sha256}${MARK}`

/** Text, and hashes of the pictures that belong between. */
export type Pieces = readonly ({ readonly text: string } | { readonly sha256: string })[]

export const sheetPieces = (book: Book, kind: 'read' | 'print'): Pieces =>
  String(documentOf(book, kind === 'read' ? READ : PRINT))
    .split(MARK)
    // Every second piece is what stood between two marks.
    .map((piece, at) => (at % 2 === 0 ? { text: piece } : { sha256: piece }))

/** The picture as it stands in the file. */
export const dataUrl = (type: string, data: Uint8Array): string =>
  `data:${type};base64,${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`

/** What such a file may load, wherever it is opened: nothing. */
export const sheetPolicy = (kind: 'read' | 'print'): string => policyOf(kind === 'read' ? READ : PRINT)

const policyOf = (style: string): string =>
  `default-src 'none'; img-src data:; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`

const documentOf = (book: Book, style: string): Markup => xml`<!DOCTYPE html>
<html lang="${book.language}">
<head>
<meta charset="utf-8"/>
<meta http-equiv="content-security-policy" content="${policyOf(style)}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>${book.title}</title>
<style>${markup(style)}</style>
</head>
<body>
<header><h1>${book.title}</h1>${cover(book)}</header>
<main>
${lines(
  book.pages.map(
    ({ title, content }, at) => xml`<section id="page-${at + 1}"><h2>${title}</h2>\n${markup(content)}</section>`,
  ),
)}
</main>
</body>
</html>
`

const cover = ({ cover: picture }: Book): Markup | null =>
  picture === null ? null : xml`<figure><img src="${markup(pictureMark(picture))}" alt=""/></figure>`
