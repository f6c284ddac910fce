/**
 * Puts what the commands, workers and threads load into a few files: most of the time of a start went into finding and
 * compiling some 600 modules. Those that are no entry stay where they are too, for whoever imports one of them.
 */
import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const FOLDER = 'bundle'

/** Modules that a process or a thread begins with, in the folder that is built. */
const ENTRIES = [
  'server/main',
  'server/cluster/worker-process',
  'server/threads/job-thread',
  'server/threads/pglite',
  ...['compact', 'doctor', 'export', 'import', 'migrate', 'restore', 'token'].map((name) => `scripts/${name}`),
]

/** Packages with files that they look for beside themselves, or that not everybody has. */
const APART = /^(@electric-sql\/pglite|@redis\/client|pg|pino|piscina)(\/|$)/

const nameOf = (entry) => entry.replaceAll('/', '-')

/** What a module looks for beside itself lies where the module lay. */
const keepPlaces = (target) => ({
  name: 'keep-places',
  transform: (code, id) => {
    const place = relative(target, id)
    if (place.startsWith('..') || !code.includes('import.meta.url')) return null
    return { code: code.replaceAll('import.meta.url', `new URL('../${place}', import.meta.url).href`), map: null }
  },
})

/** Bundles the entries of `target`, the compiled folder, and has each lead to its bundle. @throws Error when it cannot */
const bundle = async (target) => {
  const bundled = await rolldown({
    input: Object.fromEntries(ENTRIES.map((entry) => [nameOf(entry), join(target, `${entry}.js`)])),
    platform: 'node',
    external: APART,
    plugins: [keepPlaces(target)],
    preserveEntrySignatures: 'strict',
  })
  const { output } = await bundled.write({
    dir: join(target, FOLDER),
    entryFileNames: '[name].js',
    sourcemap: true,
    keepNames: true,
  })
  for (const entry of ENTRIES) {
    const { exports } = output.find(({ isEntry, name }) => isEntry && name === nameOf(entry))
    const from = `'${'../'.repeat(entry.split('/').length - 1)}${FOLDER}/${nameOf(entry)}.js'`
    const words = exports.length === 0 ? `import ${from}` : `export { ${exports.join(', ')} } from ${from}`
    writeFileSync(join(target, `${entry}.js`), `${words}\n`)
  }
}

await bundle(resolve(process.argv[2]))
