import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
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

export default defineConfig({
  root: 'web',
  resolve: { alias: { 'react/jsx-runtime': 'preact/jsx-runtime', react: 'preact/compat' } },
  plugins: [listFiles(join(import.meta.dirname, 'web/public'))],
  build: {
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rolldownOptions: {
      input: {
        index: 'web/index.html',
        story: 'web/story.html',
        admin: 'web/admin.html',
        sw: 'web/src/worker/sw.ts',
      },
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
})
