import { defineConfig } from 'vite'

export default defineConfig({
  root: 'web',
  build: { emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
})
