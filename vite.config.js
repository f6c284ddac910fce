import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

/** What a device keeps to open without a network: all but the console, and letters few stories need. */
const isKept = (file) => !/^(admin|sw\.js)|-(ext|cyrillic|greek|vietnamese)-|\.map$/.test(file.replace(/^assets\//, ''))

/** Tells the service worker which files this build made; they change its bytes, so that browsers see a new one. */
const listFiles = (folder) => ({
  name: 'list-files',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const worker = bundle['sw.js']
      const made = Object.keys(bundle).filter((file) => isKept(file) && !file.endsWith('.html'))
      const files = [...made, ...readdirSync(folder)].sort().map((file) => `/${file}`)
      const html = Object.values(bundle).filter(({ fileName }) => fileName.endsWith('.html'))
      const shells = createHash('sha256')
        .update(html.map(({ source }) => source).join(''))
        .digest('hex')
      worker.code = worker.code.replace(/["'`]__FILES__["'`]/, JSON.stringify(JSON.stringify({ files, shells })))
    },
  },
})

/** Puts what all pages have in their head where they name it; Vite then follows its links as if it stood there. */
const shareHead = (file) => ({
  name: 'share-head',
  transformIndexHtml: {
    order: 'pre',
    handler: (html) =>
      html.replace('<!-- head.html -->', () => readFileSync(file, 'utf8').trimEnd().replaceAll('\n', '\n    ')),
  },
})

/** The editor, which the story loads while it opens, and what asks for its first page before all else. */
const EDITOR = '/web/src/story/page.tsx'
const EARLY = '/web/src/story/early.ts'

/** Has the HTML of the story name what its scripts would only find out: it travels with the first files. */
const nameEarly = () => ({
  name: 'name-early',
  transformIndexHtml: {
    order: 'post',
    handler(html, { path, bundle }) {
      if (path !== '/story.html') return
      const chunks = Object.values(bundle).filter(({ type }) => type === 'chunk')
      const chunkOf = (source) => {
        const found = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(source))
        if (found === undefined) throw new Error(`no chunk begins with ${source}`)
        return found
      }
      const editor = chunkOf(EDITOR)
      const early = chunkOf(EARLY)
      const preloads = [editor.fileName, ...editor.imports].filter((file) => !html.includes(file))
      return [
        {
          tag: 'script',
          attrs: { type: 'module', async: true, crossorigin: true, src: `/${early.fileName}` },
          injectTo: 'head-prepend',
        },
        ...preloads.map((file) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
          injectTo: 'head',
        })),
      ]
    },
  },
})

/** Packs what is text once, at its best, beside each file: the service sends what a browser takes. */
const packFiles = () => ({
  name: 'pack-files',
  writeBundle({ dir }) {
    for (const file of readdirSync(dir, { recursive: true })) {
      if (!/\.(js|css|html|svg|webmanifest)$/.test(file)) continue
      const content = readFileSync(join(dir, file))
      writeFileSync(join(dir, `${file}.gz`), gzipSync(content, { level: 9 }))
      writeFileSync(join(dir, `${file}.br`), brotliCompressSync(content))
    }
  },
})

/** What several pages share, in few files: without HTTP/2 a browser asks for six at once. */
const SHARED = [
  { name: 'device', test: /web\/src\/device\/(fragment|kept|path|tokens)\.ts$/ },
  { name: 'parts', test: /node_modules\/(lucide|preact)\/|web\/src\/(ui|words)\/(?!console)|style\/(base|theme)\.css/ },
]

export default defineConfig({
  root: 'web',
  resolve: { alias: { 'react/jsx-runtime': 'preact/jsx-runtime', react: 'preact/compat' } },
  plugins: [
    nameEarly(),
    shareHead(join(import.meta.dirname, 'web/head.html')),
    listFiles(join(import.meta.dirname, 'web/public')),
    packFiles(),
  ],
  build: {
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // What counts is what travels, which a test holds to its limit.
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rolldownOptions: {
      input: {
        index: 'web/index.html',
        story: 'web/story.html',
        admin: 'web/admin.html',
        early: 'web/src/story/early.ts',
        sw: 'web/src/worker/sw.ts',
      },
      output: {
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        codeSplitting: { includeDependenciesRecursively: false, groups: SHARED },
      },
    },
  },
})
