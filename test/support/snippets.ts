/** The code of a page of documentation, to be run as it stands. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Code by the file name that its first line gives. @throws Error when a block of code has none */
export const snippetsOf = (page: string): Map<string, string> => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const snippets = new Map<string, string>()
  for (const [, code = ''] of text.matchAll(/^```tsx?\n([\s\S]*?)^```$/gm)) {
    const name = /^\/\/ (\S+)\n/.exec(code)?.[1]
    if (name === undefined) throw new Error(`${page} has code without a name: ${code.slice(0, 60)}`)
    snippets.set(name, code)
  }
  return snippets
}

/** Where an import of this package leads, among its sources. */
const sourceOf = (name: string): string => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { readonly default: string }>
  }
  const target = exports[name.replace('scriptorium', '.')]
  if (target === undefined) throw new Error(`the package exports no ${name}`)
  const path = typeof target === 'string' ? target : target.default
  return join(ROOT, path.replace('./dist/', '').replace(/\.js$/, '.ts'))
}

export interface Surroundings {
  /** What other packages are, by name. */
  readonly packages?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Words of the code, and what stands for them here. */
  readonly replaced?: Readonly<Record<string, string>>
}

/** Runs a snippet as a module. @returns what it exports */
export const runSnippet = async (
  name: string,
  code: string,
  { packages = {}, replaced = {} }: Surroundings = {},
): Promise<Record<string, unknown>> => {
  const folder = join(ROOT, '.snippets', `${process.pid}`)
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const standIns = globalThis as { snippetPackages?: typeof packages }
  standIns.snippetPackages = packages
  for (const [given, members] of Object.entries(packages)) {
    const lines = Object.keys(members).map((member) =>
      member === 'default' ? `export default all.default` : `export const ${member} = all.${member}`,
    )
    writeFileSync(
      join(folder, fileOf(given)),
      `const all = globalThis.snippetPackages[${JSON.stringify(given)}]\n${lines.join('\n')}\n`,
    )
  }
  let text = code
  for (const [from, to] of Object.entries(replaced)) text = text.replaceAll(from, to)
  text = text.replace(/ from '([^']+)'/g, (whole, from: string) => {
    if (from.startsWith('scriptorium')) return ` from '${sourceOf(from)}'`
    return from in packages ? ` from './${fileOf(from)}'` : whole
  })
  const path = join(folder, name)
  writeFileSync(path, text)
  return (await import(/* @vite-ignore */ path)) as Record<string, unknown>
}

const fileOf = (name: string): string => `${name.replace(/\W/g, '-')}.js`
