/** Holding the database's answers back from outside, as a slow one would. */
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { Store } from './stores.ts'
import { until } from './until.ts'

export interface Held {
  release(): Promise<void>
  /** Resolves once a statement of the service waits. */
  isWaitedFor(): Promise<void>
}

/** Locks the row of a page that exists: its commits wait until the release. */
export const holdCommits = async (store: Store, room: string): Promise<Held> => {
  const held = await hold(store, 'SELECT 1 FROM scriptorium.room WHERE room_id = $1 FOR UPDATE', [room])
  if (held.rows !== 1) throw new Error(`${room} has no row yet`)
  return held
}

/** Locks the table of pages: nothing of any page is read until the release. */
export const holdReads = (store: Store): Promise<Held> =>
  hold(store, 'LOCK TABLE scriptorium.room IN ACCESS EXCLUSIVE MODE')

const hold = async (
  store: Store,
  lock: string,
  values: readonly string[] = [],
): Promise<Held & { readonly rows: number | null }> => {
  const url = store.env.DATABASE_URL
  if (url === undefined) throw new Error('only PostgreSQL lets others lock')
  const client = new pg.Client({ connectionString: url })
  let isReleased = false
  // A server that is killed under a test takes this connection with it.
  client.on('error', () => {
    isReleased = true
  })
  const release = async () => {
    if (isReleased) return
    isReleased = true
    await client.query('ROLLBACK')
    await client.end()
  }
  await client.connect()
  onTestFinished(release)
  await client.query('BEGIN')
  const { rowCount } = await client.query(lock, [...values])
  return {
    rows: rowCount,
    release,
    isWaitedFor: async () => {
      await until('a statement to wait', async () => {
        const { rows } = await client.query(
          `SELECT 1 FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
        )
        return rows.length > 0
      })
    },
  }
}
