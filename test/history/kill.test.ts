/** A process that dies at any statement of a fold or a compaction: the page stays as it was, and a rerun completes. */
import { describe, expect, it } from 'vitest'
import { migrate } from '../../server/database/migrate.ts'
import { type Database, DatabaseError } from '../../server/database/port.ts'
import { compactPages } from '../../server/log/compact.ts'
import { examinePages } from '../../server/log/examine.ts'
import { foldRoom } from '../../server/log/fold.ts'
import type { CompactReport } from '../../shared/operators.ts'
import { clock, counting, history, openDatabase, openThreads, quiet } from '../support/open-database.ts'
import { randomFrom, seededRandom } from '../support/random.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { contentHash, plantPages, typedRows } from './pages.ts'

/** Dies at the `fatal`-th statement: before it is done, or after it is and nobody hears so. */
class Mortal {
  readonly database: Database
  statements = 0

  constructor(whole: Database, fatal: number, when: 'before' | 'after') {
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      const isFatal = ++this.statements >= fatal
      if (isFatal && when === 'before') throw new DatabaseError('killed', { lost: true })
      const result = await work()
      if (isFatal) throw new DatabaseError('killed', { lost: true })
      return result
    }
    this.database = {
      kind: whole.kind,
      query: (text, values) => step(() => whole.query(text, values)),
      // The last step is the COMMIT: before it all is undone, after it all is done.
      transaction: (work) =>
        step(() =>
          whole.transaction(async (tx) => {
            const result = await work({ query: (text, values) => step(() => tx.query(text, values)) })
            if (when === 'before') await step(async () => undefined)
            return result
          }),
        ),
      script: (text) => whole.script(text),
      close: () => whole.close(),
    }
  }
}

const LONG = 400

const open = async (): Promise<{ store: Store; database: Database }> => {
  const store = await anyPostgres().open()
  const database = await openDatabase(store.env)
  await migrate(database)
  return { store, database }
}

const wholeParts = (database: Database, threads: ReturnType<typeof openThreads>) => ({
  ...{ database, threads, clock, logger: quiet, counters: counting(), signal: new AbortController().signal, history },
})

/** Kills at each statement in turn, each time on a page of its own. @returns how many statements there are */
const killAtEach = async (
  when: 'before' | 'after',
  work: (parts: ReturnType<typeof wholeParts>, page: string) => Promise<unknown>,
): Promise<number> => {
  const seed = seededRandom().seed
  const { store, database } = await open()
  const threads = openThreads()
  const whole = wholeParts(database, threads)
  for (let fatal = 1; ; fatal++) {
    const page = `killed/${fatal}`
    await plantPages(store, new Map([[page, typedRows(randomFrom(seed + fatal), LONG)]]), 40)
    const before = await contentHash(store, page)
    const mortal = new Mortal(database, fatal, when)
    const died = await work({ ...whole, database: mortal.database }, page).then(
      () => false,
      () => true,
    )
    expect(await contentHash(store, page), `killed ${when} statement ${fatal}`).toBe(before)
    await work(whole, page)
    expect(await contentHash(store, page), `rerun after a kill ${when} statement ${fatal}`).toBe(before)
    const again = await compactOne(whole, page)
    if (work === compactOne) expect(again.compacted, `third run after a kill ${when} statement ${fatal}`).toBe(0)
    if (died) continue
    const { found } = await examinePages({ story: null, page: null, repair: false, concurrency: 1 }, whole)
    expect(found).toEqual([])
    return mortal.statements
  }
}

const compactOne = (parts: ReturnType<typeof wholeParts>, page: string): Promise<CompactReport> =>
  compactPages(
    {
      story: 'killed',
      page: page.split('/')[1] ?? '',
      ...{ olderThanDays: null, minRows: 1, dryRun: false, concurrency: 1, maxLoadMs: 1000, verify: false },
      picturesOlderThanDays: null,
    },
    parts,
  )

describe.each(['before', 'after'] as const)('a process killed %s a statement is done', (when) => {
  it('of a fold changes nothing that a rerun does not complete', { timeout: 120_000 }, async () => {
    expect(await killAtEach(when, (parts, page) => foldRoom(page, parts))).toBeGreaterThan(4)
  })

  it('of a compaction changes nothing that a rerun does not complete, and a third finds nothing to do', {
    timeout: 120_000,
  }, async () => {
    expect(await killAtEach(when, compactOne)).toBeGreaterThan(10)
  })
})
