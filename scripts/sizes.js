/** Which files of tests are the same at both sizes, as their imports tell: these do not reach test/support/size.ts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

const SIZE = 'test/support/size.ts'

/** Whether `file`, of `root`, reaches the size over imports of its own and those of files below test/. */
const reachesSize = (root, file, seen = new Set()) => {
  if (file === SIZE) return true
  if (seen.has(file) || !file.startsWith('test/') || !existsSync(join(root, file))) return false
  seen.add(file)
  const imports = readFileSync(join(root, file), 'utf8').matchAll(/\b(?:from|import)\b\s*\(?\s*'(\.[^']+)'/g)
  return [...imports].some(([, name]) =>
    reachesSize(
      root,
      relative(root, resolve(root, dirname(file), name))
        .split(sep)
        .join('/'),
      seen,
    ),
  )
}

/** @returns the files of tests below `root` that `npm test` and `npm run test:full` run alike, from `root` on */
export const filesOfOneSize = (root) =>
  readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !reachesSize(root, file))
    .sort()
