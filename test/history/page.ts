/** A page in a database, written row by row, whose rows can be made older. */
import { onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import type { Database } from '../../server/database/port.ts'
import type { HistoryParts } from '../../server/log/coarsen.ts'
import { openLog } from '../../server/log/log.ts'
import type { Log } from '../../server/log/port.ts'
import type { HistorySettings } from '../../server/log/windows.ts'
import { Writer } from '../storage/writer.ts'
import {
  batchRooms,
  clock,
  counting,
  history,
  openDatabase,
  openThreads,
  quiet,
  random,
} from '../support/open-database.ts'
import { anyPostgres, type Store, type StoreKind } from '../support/stores.ts'
import type { WrittenRow } from './random-history.ts'

export const ROOM = 'story/page'

export interface Page {
  readonly store: Store
  readonly database: Database
  readonly log: Log
  readonly parts: HistoryParts
  /** Writes rows through the log, a batch for each seq. */
  write(rows: readonly WrittenRow[]): Promise<void>
  /** Makes all rows written so far older: the first by `days`, each later one by so many minutes less. */
  age(days: number, minutesBetween: number): Promise<void>
}

/** Opens a page in a database of its own. */
export const openPage = async (settings: HistorySettings = history, kind: StoreKind = anyPostgres()): Promise<Page> => {
  const store = await kind.open()
  const database = await openDatabase(store.env)
  await migrate(database)
  const threads = openThreads()
  const parts = { database, clock, random, logger: quiet, counters: counting(), threads, history: settings }
  const log = openLog({ ...parts, batchRooms, loadsAtOnce: 2 })
  onTestFinished(() => log.close())
  const writer = new Writer(log, ROOM)
  return {
    store,
    database,
    log,
    parts: { database, threads, settings, signal: new AbortController().signal },
    write: async (rows) => {
      for (let at = 0; at < rows.length; ) {
        const batch = rows.filter(({ seq }) => seq === rows[at]?.seq)
        await writer.written(...batch.map(({ author, data }) => ({ author, via: null, data })))
        at += batch.length
      }
    },
    age: async (days, minutesBetween) => {
      await database.query(
        `UPDATE scriptorium.update
         SET at = to_timestamp(extract(epoch FROM now())::float8 - $2::float8 * 86400 + seq * $3::float8 * 60)
         WHERE room_id = $1`,
        [ROOM, days, minutesBetween],
      )
    },
  }
}

export interface KeptRow {
  readonly seq: number
  readonly first_seq: number
  readonly part: number
  readonly author: string | null
  readonly kind: string
  readonly data: Uint8Array
}

/** The rows of the page as they are now. */
export const keptRows = (database: Database): Promise<KeptRow[]> =>
  database.query(
    `SELECT seq, coalesce(first_seq, seq) AS first_seq, part, author, kind, data
     FROM scriptorium.update WHERE room_id = $1 ORDER BY seq, part`,
    [ROOM],
  )

/** The page at a moment, as its nearest snapshot and the rows from there tell. */
export const stateAt = async (database: Database, seq: number): Promise<Y.Doc> => {
  const rows = await database.query<{ data: Uint8Array }>(
    `WITH base AS (
       SELECT seq, data FROM scriptorium.snapshot WHERE room_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1
     )
     SELECT seq, -1 AS part, data FROM base
     UNION ALL
     SELECT seq, part, data FROM scriptorium.update
     WHERE room_id = $1 AND seq <= $2 AND seq > coalesce((SELECT seq FROM base), 0)
     ORDER BY 1, 2`,
    [ROOM, seq],
  )
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const { data } of rows) Y.applyUpdate(doc, data)
  })
  return doc
}
