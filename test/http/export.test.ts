/** Stories taken away: what is in the files, and that they are well-formed. */
import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { strFromU8, unzipSync } from 'fflate'
import { expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { type Ask, askAt, updateOf } from '../support/archive-api.ts'
import { leaveOut } from '../support/left-out.ts'
import { hashOf, pngOf } from '../support/pictures.ts'
import { startService, temporaryFolder } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres } from '../support/stores.ts'
import { marked, node, writeStory } from '../support/story.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

/** Where Debian puts it. */
const EPUBCHECK = '/usr/share/java/epubcheck.jar'
const AVIF = new Uint8Array([0, 0, 0, 20, ...Buffer.from('ftypavif'), 0, 0, 0, 0, ...Buffer.from('mif1'), 1, 2, 3])
const png = pngOf(9)
const drawing = hashOf(png)
const avif = hashOf(AVIF)
const NASTY = 'Ana & <b>"Ben"</b>\u0001\uD800 — “ä” 🦊'

const parse = (text: string) =>
  new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => ['item', 'itemref', 'li'].includes(name),
  }).parse(text)

interface Taken {
  readonly status: number
  readonly headers: Headers
  readonly data: Uint8Array
}

/** A service with a story, and how it is taken away. */
interface Library {
  readonly ask: Ask
  readonly authorization: string
  take(query: string, token?: string, story?: string): Promise<Taken>
}

const open = async (): Promise<Library> => {
  const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
  onTestFinished(() => service.stop())
  const authorization = `Bearer ${await tokenOf('ana', { isAdmin: true })}`
  const headers = { authorization }
  const ask = askAt(service.address)
  await ask(`PUT /stories/s1/assets/${drawing}`, { body: png, headers })
  await ask(`PUT /stories/s1/assets/${avif}`, { body: AVIF, headers })
  const item = (words: string) => node('listItem', [node('paragraph', [words])])
  await writeStory(ask, 's1', {
    title: NASTY,
    cover: drawing,
    headers,
    pages: [
      {
        id: 'p2',
        title: 'The second comes first',
        body: [
          node('heading', ['Dusk'], { level: 2 }),
          node('paragraph', [
            marked(['A ', ''], ['bold', 'bold'], [' and '], ['both', 'bold', 'italic'], [' fox & ]]>']),
          ]),
          node('picture', [], { sha256: drawing, alt: 'A fox, "resting"' }),
          node('picture', [], { sha256: avif, alt: 'New' }),
          node('picture', [], { sha256: 'f'.repeat(64), alt: 'Never arrived' }),
          node('bulletList', [item('one'), item('two')]),
          node('orderedList', [item('three')], { start: 3 }),
          node('blockquote', [node('paragraph', ['<script>alert(1)</script>'])]),
        ],
      },
      { id: 'p1', title: NASTY, body: [node('paragraph', ['# not a heading'])] },
      { id: 'hidden', title: 'Secret', body: [node('paragraph', ['nobody knows'])] },
    ],
  })
  await ask('POST /stories/s1/pages/p0/updates', { body: new Uint8Array([0, 0]), headers })
  return {
    ask,
    authorization,
    take: async (query, token = authorization, story = 's1') => {
      const answer = await fetch(`${service.address}/api/v1/stories/${story}/export?${query}`, {
        headers: { authorization: token },
      })
      return { status: answer.status, headers: answer.headers, data: new Uint8Array(await answer.arrayBuffer()) }
    },
  }
}

const expectEpub = async ({ take }: Library): Promise<void> => {
  const reader = `Bearer ${await tokenOf('ben', { stories: { s1: 'read' }, pages: { 's1/hidden': 'none' } })}`
  const { status, headers, data } = await take('format=epub&lang=en', reader)
  expect([status, headers.get('content-type')]).toEqual([200, 'application/epub+zip'])
  expect(headers.get('content-disposition')).toMatch(
    /^attachment; filename="[\w.-]+\.epub"; filename\*=UTF-8''[\w%.-]+$/,
  )
  expect(strFromU8(data.subarray(30, 58))).toBe('mimetypeapplication/epub+zip')
  expect(data[8], 'the mimetype is stored').toBe(0)

  const files = unzipSync(data)
  const text = (name: string) => strFromU8(files[`story/${name}`] ?? new Uint8Array())
  for (const [name, bytes] of Object.entries(files)) {
    if (/\.(xhtml|opf|xml)$/.test(name)) expect([name, XMLValidator.validate(strFromU8(bytes))]).toEqual([name, true])
  }
  const { package: opf } = parse(text('package.opf'))
  expect(opf.metadata['dc:language']).toBe('en')
  expect(opf.metadata.meta['#text']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(opf.metadata['dc:identifier'].id).toBe(opf['unique-identifier'])
  const items: { id: string; href: string; properties?: string; fallback?: string }[] = opf.manifest.item
  expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
  const hrefs = items.map(({ href }) => `story/${href}`)
  expect(
    Object.keys(files)
      .filter((name) => /^story\/(?!package)/.test(name))
      .sort(),
  ).toEqual(hrefs.sort())
  const ids = items.map(({ id }) => id)
  const spine: string[] = opf.spine.itemref.map(({ idref }: { idref: string }) => idref)
  expect(spine).toEqual(['title', 'page-1', 'page-2'])
  expect(ids).toEqual(expect.arrayContaining(spine))
  expect(items.find(({ properties }) => properties === 'cover-image')?.href).toBe(`pictures/${drawing}.png`)
  expect(ids).toContain(items.find(({ href }) => href.endsWith('.avif'))?.fallback)
  expect(files[`story/pictures/${drawing}.png`]).toEqual(png)
  for (const name of Object.keys(files).filter((each) => each.endsWith('.xhtml'))) {
    const links = strFromU8(files[name] ?? new Uint8Array()).matchAll(/(?:src|href)="([^"]+)"/g)
    for (const [, target] of links) expect(hrefs, `${name} links to ${target}`).toContain(`story/${target}`)
  }
  const first = text('page-0001.xhtml')
  expect(first).toContain('<h1>The second comes first</h1>')
  expect(first).toContain('<p>A <strong>bold</strong> and <strong><em>both</em></strong> fox &amp; ]]&gt;</p>')
  expect(first).toContain('<em>Never arrived</em>')
  expect(first).not.toContain('<script>')
  expect(text('nav.xhtml')).toContain('Ana &amp; &lt;b&gt;')
  for (const bytes of Object.values(files)) expect(strFromU8(bytes)).not.toContain('nobody knows')
  expect((await take('format=epub', reader, 's2')).status).toBe(404)
}

const expectEpubcheck = async ({ take }: Library): Promise<void> => {
  if (!isFull) return leaveOut('epubcheck of an exported story: npm run test:full')
  if (!existsSync(EPUBCHECK)) return leaveOut('epubcheck of an exported story: epubcheck is not installed')
  const path = join(temporaryFolder('epub'), 'story.epub')
  writeFileSync(path, (await take('format=epub')).data)
  const said = await promisify(execFile)('java', ['-jar', EPUBCHECK, path])
  expect(said.stderr).toBe('')
}

const expectSheets = async ({ take }: Library): Promise<void> => {
  for (const format of ['html', 'print']) {
    const { headers, data } = await take(`format=${format}`)
    const page = strFromU8(data)
    expect(headers.get('content-type')).toContain('text/html')
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; img-src data:; style-src 'sha256-/)
    expect(page).toContain(`src="data:image/png;base64,${Buffer.from(png).toString('base64')}"`)
    expect(page).not.toMatch(/<script|src="(?!data:)|\0/)
    expect(page.match(/<section /g)).toHaveLength(3)
    expect(XMLValidator.validate(page.replace('<!DOCTYPE html>', ''))).toBe(true)
  }
}

const expectMarkdown = async ({ ask, authorization, take }: Library): Promise<void> => {
  const { headers, data } = await take('format=markdown')
  expect(headers.get('content-type')).toBe('application/zip')
  const files = unzipSync(data)
  const markdown = strFromU8(files['story.md'] ?? new Uint8Array())
  expect(markdown).toContain(`![A fox, "resting"](pictures/${drawing}.png)`)
  expect(markdown).toContain('#### Dusk')
  expect(markdown).toContain('A **bold** and **_both_** fox')
  expect(markdown).toContain('\\# not a heading')
  expect(files[`pictures/${drawing}.png`]).toEqual(png)

  const body = [
    node('paragraph', ['Words alone. ']),
    node('paragraph', [marked(['A '], ['bold ', 'bold'], ['and '], ['both ', 'bold', 'italic'], ['fox '])]),
    node('paragraph', ['   ']),
    node('paragraph', ['one ', node('hardBreak'), ' two']),
    node('bulletList', [node('listItem', [node('paragraph', [' three '])])]),
  ]
  const alone = { title: 'Plain', cover: null, pages: [{ id: 'p1', title: 'One', body }] }
  await writeStory(ask, 's3', { ...alone, headers: { authorization } })
  const plain = await take('format=markdown', authorization, 's3')
  expect(plain.headers.get('content-type')).toContain('text/markdown')
  expect(strFromU8(plain.data)).toBe(
    '# Plain\n\n## One\n\nWords alone.\n\nA **bold** and **_both_** fox\n\none\\\ntwo\n\n- three\n',
  )
}

/** The same document, to a client that takes its roots for something else. */
const copyOf = (doc: Y.Doc): Y.Doc => {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
}

/** Other apps write pages too, or wrote them at first. */
const expectForeign = async ({ ask, authorization, take }: Library): Promise<void> => {
  const headers = { authorization }
  const doc = new Y.Doc()
  const write = async (page: string, change: (doc: Y.Doc) => void, to = doc) =>
    expect((await ask(`POST /stories/s4/pages/${page}/updates`, { body: updateOf(change, to), headers })).status).toBe(
      200,
    )
  await write('p1', (d) => d.getText('title').insert(0, 'One'))
  await write('p1', (d) => d.getText('body').insert(0, 'Plain words. \nMore.'))
  const text = async () =>
    (await ask('GET /stories/s4/pages/p1', { headers: { ...headers, accept: 'text/plain' } })).body
  const markdown = async () => strFromU8((await take('format=markdown', authorization, 's4')).data)
  expect(await text()).toBe('One\n\nPlain words. \nMore.')
  expect(await markdown()).toBe('# s4\n\n## One\n\nPlain words.\n\nMore.\n')
  await write('p1', (d) => d.getXmlFragment('body').insert(5, [node('paragraph', ['between'])]), copyOf(doc))
  expect(await markdown()).toBe('# s4\n\n## One\n\nPlain\n\nbetween\n\nwords.\n\nMore.\n')
}

const expectListed = async ({ ask, authorization }: Library): Promise<void> => {
  const list = async (token: string) => (await ask('GET /stories', { headers: { authorization: token } })).body.stories
  const [all] = await list(authorization)
  expect(all).toMatchObject({ story: 's1', cover: drawing, pages: 3, listed: 3 })
  expect(all.title).toContain('Ana & <b>')
  const reader = `Bearer ${await tokenOf('ben', { stories: { s1: 'read' }, pages: { 's1/hidden': 'none' } })}`
  const stories = await list(reader)
  expect(stories).toMatchObject([{ story: 's1', pages: 2, listed: 2 }])
  expect(stories[0].bytes).toBeLessThan(all.bytes)
}

it('a story is taken away as a valid EPUB, as HTML, as sheets and as Markdown, as far as its reader may read', async () => {
  const library = await open()
  await expectEpub(library)
  await expectEpubcheck(library)
  await expectSheets(library)
  await expectMarkdown(library)
  await expectForeign(library)
  await expectListed(library)
}, 120_000)
