/** A database with pages of an older past, for `scriptorium compact`. */
import { expect } from 'vitest'
import type { CompactReport } from '../../shared/operators.ts'
import { runCommand } from '../support/command.ts'
import { seededRandom } from '../support/random.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { plantPages, typedRows } from './pages.ts'

/** A page with a past that is typed in meanwhile, so of no size that could be predicted. */
export const TYPED = 'live/typed'

/** What `--json` printed. */
export const report = (out: string): CompactReport => JSON.parse(out) as CompactReport

/** A database with `count` pages of a story, and one more. */
export const planted = async (count: number): Promise<{ store: Store; rooms: string[] }> => {
  const random = seededRandom()
  const store = await anyPostgres().open()
  expect((await runCommand(['migrate'], store.env)).code).toBe(0)
  const pages = new Map(
    Array.from({ length: count }, (_, n) => [`planted/${n}`, typedRows(random, 200 + random.below(1200))] as const),
  )
  await plantPages(store, pages, 40)
  await plantPages(store, new Map([[TYPED, typedRows(random, 800)]]), 40)
  return { store, rooms: [...pages.keys()] }
}
