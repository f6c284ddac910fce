import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Rule {
  /** Files the rule is about. */
  readonly files: RegExp
  /** Files of ours they may import. */
  readonly ours: RegExp
  /** Packages they may import; `node:` stands for all of Node. */
  readonly packages: readonly string[]
  readonly why: string
}

const LIBRARIES = ['yjs', 'lib0', 'y-protocols']

const RULES: readonly Rule[] = [
  {
    files: /^shared\/(?!react\/|provider\/indexeddb)/,
    ours: /^shared\/(?!react\/|provider\/indexeddb)/,
    packages: LIBRARIES,
    why: 'shared runs in browsers and on phones too',
  },
  {
    files: /^shared\/(react\/|provider\/indexeddb)/,
    ours: /^shared\//,
    packages: [...LIBRARIES, 'react', 'idb'],
    why: 'what not every app has stays in modules of its own',
  },
  {
    files: /^server\/ports\.ts$/,
    ours: /^$/,
    packages: [],
    why: 'the ports are what everything else is handed; they depend on nothing',
  },
  {
    files: /^server\/room\//,
    ours: /^(server\/(room\/|ports\.ts|pace\.ts|log\/port\.ts)|shared\/)/,
    packages: LIBRARIES,
    why: 'a room knows updates and members, no sockets, no SQL and no Node, so that it can be simulated',
  },
  {
    files: /^server\/log\//,
    ours: /^(server\/(log\/|ports\.ts|pace\.ts|database\/port\.ts|threads\/)|shared\/)/,
    packages: [...LIBRARIES, 'node:', 'p-limit'],
    why: 'the log knows rows and batches, and of the database its port only',
  },
  {
    files: /^server\/channel\//,
    ours: /^(server\/(channel\/|ports\.ts|log\/port\.ts|database\/port\.ts|room\/(elsewhere|awareness-update)\.ts))/,
    packages: ['lib0', '@redis/client'],
    why: 'the channel knows who holds which page and what they tell each other, and nothing of what a page is',
  },
  {
    files: /^server\/database\//,
    ours: /^(server\/(database\/|ports\.ts|threads\/))/,
    packages: ['pg', '@electric-sql/pglite', 'node:'],
    why: 'the database folder alone knows pg and PGlite, and nothing of what is kept in it',
  },
  {
    files: /^server\/demo\//,
    ours: /^(server\/(demo|log\/archive)\/|shared\/)/,
    packages: ['yjs', 'node:'],
    why: 'the first story is written as an import is, and only then are there documents',
  },
  {
    files: /^server\/figures\//,
    ours: /^(server\/(figures\/|room\/figures\.ts|ports\.ts|pace\.ts|database\/port\.ts)|shared\/)/,
    packages: ['node:'],
    why: 'figures are taken from what rooms and processes say of themselves',
  },
  {
    files: /^server\/export\//,
    ours: /^(server\/(export|log\/archive|threads\/story)\/|shared\/)/,
    packages: ['node:'],
    why: 'a story is taken away from what the archive gives, whoever asks for it',
  },
  {
    files: /^server\/http\//,
    ours: /^(server\/(http\/|export\/|figures\/|access\.ts|address\.ts|room\/|log\/|ports\.ts|config\.ts|loopback\.ts|metrics\.ts)|shared\/)/,
    packages: ['hono', '@hono/node-server', '@hono/zod-openapi', 'lib0', 'node:', 'p-limit'],
    why: 'routes speak to access, room and log, never to sockets or the database',
  },
  {
    files: /^server\/(socket|upgrade|hold|wire)[\w-]*\.ts$/,
    ours: /^(server\/(socket|upgrade|hold|wire|access\.ts|limits|rates|partial|address|loopback|pace|room\/|log\/port|ports)|shared\/)/,
    packages: ['ws', 'lib0', 'node:'],
    why: 'a socket knows frames, sizes and close codes, and hands updates to its room',
  },
  {
    files: /^server\/cluster\/(?!worker-process)/,
    ours: /^(server\/(cluster\/|ports\.ts|pace\.ts|release\.ts|listen\.ts|metrics\.ts|config[\w-]*\.ts|http\/origin\.ts|service\.ts|database\/port\.ts)|shared\/)/,
    packages: ['node:'],
    why: 'processes that share the work know of addresses, sockets as bytes and who is there, and of pages their names',
  },
  {
    files: /^server\/(config|config-\w+|loopback|access)\.ts$/,
    ours: /^(server\/(config-\w+|loopback)\.ts|shared\/)/,
    packages: [],
    why: 'what is decided from values alone stays a pure function',
  },
  {
    files: /^server\/access\//,
    ours: /^(server\/(access\/|access\.ts|config-auth\.ts|ports\.ts|database\/port\.ts)|shared\/)/,
    packages: ['jose', 'node:'],
    why: 'access knows tokens, grants and the rows that change them, and nothing of sockets or rooms',
  },
  {
    files: /^web\/src\//,
    ours: /^(web\/|shared\/)/,
    packages: [...LIBRARIES, 'preact', 'lucide', 'uqr', 'idb', '@tiptap', 'uplot', 'eventsource-parser'],
    why: 'the app runs in a browser, on what an app of anybody else may use: the provider and the public API',
  },
]

/** Packages that one place alone may import. */
const ALONE: readonly { readonly name: string; readonly where: RegExp; readonly why: string }[] = [
  { name: 'pg', where: /^server\/database\//, why: 'only the database folder knows pg' },
  {
    name: '@electric-sql/pglite',
    where: /^server\/(database|threads)\//,
    why: 'only the database folder knows PGlite',
  },
  {
    name: '@redis/client',
    where: /^server\/channel\/redis-line\.ts$/,
    why: 'whoever uses no Redis loads nothing of it',
  },
  { name: 'jose', where: /^server\/access\//, why: 'only access knows how tokens are verified' },
  { name: 'ws', where: /^server\/(socket|upgrade|hold|wire)[\w-]*\.ts$/, why: 'only the socket files know ws' },
]

const filesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))

const importsOf = (file: string): string[] => {
  const source = readFileSync(join(ROOT, file), 'utf8')
  const found = source.matchAll(
    /^\s*(?:import|export)\b[^'";]*?\bfrom\s+'([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  )
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

const isOurs = (name: string): boolean => name.startsWith('.')

const resolved = (file: string, name: string): string =>
  relative(ROOT, resolve(ROOT, dirname(file), name))
    .split(sep)
    .join('/')

const packageOf = (name: string): string => {
  if (name.startsWith('node:') || builtinModules.includes(name)) return 'node:'
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

const FILES = ['server', 'shared', 'web', 'scripts'].flatMap(filesBelow)

describe('the one-way path', () => {
  it.each(RULES)('$files: $why', ({ files, ours, packages, why }) => {
    const wrong = FILES.filter((file) => files.test(file)).flatMap((file) =>
      importsOf(file)
        .filter((name) =>
          isOurs(name)
            ? !ours.test(resolved(file, name))
            : !packages.some((known) => known === packageOf(name) || packageOf(name).startsWith(`${known}/`)),
        )
        .map((name) => `${file} imports ${name}, but ${why}`),
    )
    expect(wrong).toEqual([])
  })

  it.each(ALONE)('$why', ({ name, where, why }) => {
    const wrong = FILES.filter((file) => file.startsWith('server/') && !where.test(file))
      .filter((file) => importsOf(file).some((given) => packageOf(given) === name))
      .map((file) => `${file} imports ${name}, but ${why}`)
    expect(wrong).toEqual([])
  })

  it('loads nothing of several workers where there is one process', () => {
    const ofWorkers = /^server\/cluster\/(workers|front|slot|dispatch|overall|parent)\.ts$/
    const wrong = FILES.filter((file) => file.startsWith('server/') && !file.startsWith('server/cluster/')).filter(
      (file) =>
        [...code(file).matchAll(/^import (?!type)[^;]*?from '([^']+)'/gm)].some(([, name = '']) =>
          ofWorkers.test(resolved(file, name)),
        ),
    )
    expect(wrong).toEqual([])
  })

  it('is told the time, luck and timers by ports: one seed can drive everything below main and service', () => {
    const allowed = /^server\/(main|service|system|threads\/|database\/)/
    const wrong = FILES.filter((file) => file.startsWith('server/') && !allowed.test(file))
      .filter((file) => /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate)\(/.test(code(file)))
      .map((file) => `${file} reaches for the clock or luck by itself; take Clock or Random of server/ports.ts`)
    expect(wrong).toEqual([])
  })

  it('ends in main: no other file of the server handles signals, ends the process or reads its environment', () => {
    const wrong = FILES.filter((file) => file.startsWith('server/') && file !== 'server/main.ts')
      .filter((file) => /\bprocess\.(exit\b|exitCode\b|env\b|on\('SIG)/.test(code(file)))
      .map((file) => `${file} does what only server/main.ts may do to the process`)
    expect(wrong).toEqual([])
  })
})

/** A file without its comments. */
const code = (file: string): string =>
  readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')

describe('the tree of packages', () => {
  it('holds one copy of yjs: two would not know each other’s types', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>
    }
    const copies = Object.keys(lock.packages).filter((path) => /(^|\/)node_modules\/yjs$/.test(path))
    expect(copies).toEqual(['node_modules/yjs'])
  })

  it('pins yjs exactly', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    expect(manifest.dependencies.yjs).toMatch(/^\d+\.\d+\.\d+$/)
  })
})
