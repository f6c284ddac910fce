/** Which tests differ between the two sizes: CI runs the others once. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const { filesOfOneSize } = (await import(join(ROOT, 'scripts/sizes.js'))) as { filesOfOneSize(root: string): string[] }

const sources = readdirSync(join(ROOT, 'test'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => [path.slice(ROOT.length), readFileSync(path, 'utf8')] as const)

const mentioning = (words: RegExp): string[] => sources.filter(([, text]) => words.test(text)).map(([file]) => file)

it('one module alone reads the size, and one which stores have run, so that imports tell what differs', () => {
  expect(mentioning(/env\.SCRIPTORIUM_TEST_FULL/)).toEqual(['test/support/size.ts'])
  expect(mentioning(/env\.SCRIPTORIUM_TEST_LARGER/)).toEqual(['test/support/sized-stores.ts'])
})

it('whoever leaves something to the full size differs, and what differs is told over every import', () => {
  const same = new Set(filesOfOneSize(ROOT))
  expect(mentioning(/leaveOut\([^)]*npm run test:full/).filter((file) => same.has(file))).toEqual([])
  for (const file of ['test/history/compact.test.ts', 'test/sync/convergence.test.ts']) expect(same).not.toContain(file)
  for (const file of ['test/storage/log.test.ts', 'test/durability/outage.test.ts']) expect(same).toContain(file)
})
