/** A page that is erased while something of it is written anew: nothing of it is left. */
import { expect, it } from 'vitest'
import type { Database } from '../../server/database/port.ts'
import { openArchive } from '../../server/log/archive/archive.ts'
import { coarsenHistory } from '../../server/log/coarsen.ts'
import { openPage, type Page, ROOM } from '../history/page.ts'
import { randomHistory } from '../history/random-history.ts'
import { random } from '../support/open-database.ts'
import { seededRandom } from '../support/random.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

/** Where the tables are distributed, who waits does so elsewhere. */
const WAITING = anyPostgres().isDistributed
  ? 'SELECT FROM citus_lock_waits'
  : 'SELECT FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())'
const TABLES = ['update', 'snapshot', 'version', 'writer', 'quarantine']

/** The same database, whose transactions commit when they are let. */
const held = ({ database }: Page) => {
  let isDone = false
  let letGo: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const slow: Database = {
    kind: database.kind,
    query: (text, values) => database.query(text, values),
    transaction: (work) =>
      database.transaction(async (tx) => {
        const result = await work(tx)
        isDone = true
        await gate
        return result
      }),
    script: (text) => database.script(text),
    close: () => database.close(),
  }
  return { slow, letGo: () => letGo(), isDone: () => isDone }
}

const archiveOver = (database: Database, { parts: { threads } }: Page) =>
  openArchive({ database, threads, random, changed: async () => undefined, ended: async () => undefined })

const written = async (): Promise<Page> => {
  const page = await openPage()
  await page.write(randomHistory(seededRandom(), 20))
  await page.log.fold(ROOM)
  await page.age(20, 1)
  return page
}

const WORKS: readonly { readonly what: string; readonly work: (page: Page, slow: Database) => Promise<unknown> }[] = [
  {
    what: 'rows of its history are joined',
    work: (page, slow) => coarsenHistory(ROOM, { ...page.parts, database: slow }),
  },
  {
    what: 'a version of it is kept',
    work: (page, slow) => archiveOver(slow, page).nameVersion(ROOM, 'kept', { author: null, once: null }),
  },
]

it.each(WORKS)('leaves nothing where $what at that moment', async ({ work }) => {
  const page = await written()
  const { slow, letGo, isDone } = held(page)
  const working = work(page, slow)
  await until('it to be about to commit', isDone)
  let isErased = false
  const erasing = archiveOver(page.database, page)
    .erasePage(ROOM)
    .then(() => {
      isErased = true
    })
  await until('the page to be erased, or to wait for it', async () => {
    const waiting = await page.database.query(WAITING)
    return isErased || waiting.length > 0
  })
  letGo()
  await Promise.all([working, erasing])
  for (const table of TABLES) {
    expect(await page.database.query(`SELECT FROM scriptorium."${table}" WHERE room_id = $1`, [ROOM]), table).toEqual(
      [],
    )
  }
})
