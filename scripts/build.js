/** Builds dist/: compiled server, shared and scripts, their bundle, the SQL beside its code, the web page. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const stamp = join(dist, '.stamp')
const FOLDERS = ['server', 'shared', 'scripts', 'web']
const FILES = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.types.json',
  'vite.config.js',
]

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const sources = () => {
  const below = FOLDERS.map((name) => join(root, name)).filter(existsSync)
  const single = FILES.map((name) => join(root, name)).filter(existsSync)
  return [...below.flatMap(filesBelow), ...single].sort()
}

/** Changes when a source is added, removed or written. */
const fingerprint = () => {
  const hash = createHash('sha256')
  for (const path of sources()) {
    const { mtimeMs, size } = statSync(path)
    hash.update(`${path}\0${mtimeMs}\0${size}\n`)
  }
  return hash.digest('hex')
}

/** An installed package brings dist and no TypeScript. */
const hasSources = () => existsSync(join(root, 'server', 'main.ts')) && existsSync(join(root, 'tsconfig.build.json'))

const isFresh = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()

/** Path of the program `bin` of an installed package. */
export const binOf = (name, bin) => {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin[bin])
}

const run = (what, script, args) => {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`the build failed: ${what}`)
}

/** SQL and pictures lie beside the code that reads them. */
const copyBeside = (target) => {
  const from = join(root, 'server')
  for (const path of filesBelow(from).filter((name) => /\.(sql|png)$/.test(name))) {
    cpSync(path, join(target, 'server', path.slice(from.length + 1)))
  }
}

/**
 * Builds everything into a fresh folder, which then takes the place of dist: a build that fails leaves dist as it was.
 * @throws Error when a step fails; its output went to stderr
 */
export const build = () => {
  const before = fingerprint()
  const target = join(root, `dist.${process.pid}`)
  try {
    mkdirSync(target, { recursive: true })
    run('tsc', binOf('typescript', 'tsc'), ['-p', 'tsconfig.build.json', '--outDir', target])
    run('bundle', join(root, 'scripts', 'bundle.js'), [target])
    run('types', binOf('typescript', 'tsc'), ['-p', 'tsconfig.types.json', '--outDir', target])
    copyBeside(target)
    if (existsSync(join(root, 'web', 'index.html'))) {
      run('vite', binOf('vite', 'vite'), ['build', '--logLevel', 'warn', '--outDir', join(target, 'web')])
    }
    writeFileSync(join(target, '.stamp'), before)
    replaceDist(target)
  } finally {
    rmSync(target, { recursive: true, force: true })
  }
}

const replaceDist = (target) => {
  const old = join(root, `dist.${process.pid}.old`)
  if (existsSync(dist)) renameSync(dist, old)
  try {
    renameSync(target, dist)
  } catch (error) {
    // Another build may have put its own in place meanwhile; both are of the same sources.
    if (!isFresh()) throw error
  }
  rmSync(old, { recursive: true, force: true })
}

/**
 * Builds when dist is missing or not of the present sources; quiet when it is. A run of the tests builds once, and what
 * it starts keeps to that.
 * @throws Error when the build fails
 */
export const buildIfStale = () => {
  if (process.env.SCRIPTORIUM_BUILT || !hasSources() || isFresh()) return
  process.stderr.write('building …\n')
  build()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (process.argv.includes('--if-stale')) buildIfStale()
    else build()
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
