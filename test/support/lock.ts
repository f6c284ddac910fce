/** Holding commits back from outside, as a slow database would. */
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { Store } from './stores.ts'
import { until } from './until.ts'

export interface HeldRow {
  release(): Promise<void>
  /** Resolves once a statement of the service waits for the row. */
  isWaitedFor(): Promise<void>
}

/** Locks the row of a page that exists: its commits wait until the release. */
export const holdCommits = async (store: Store, room: string): Promise<HeldRow> => {
  const url = store.env.DATABASE_URL
  if (url === undefined) throw new Error('only PostgreSQL lets others lock a row')
  const client = new pg.Client({ connectionString: url })
  let isReleased = false
  // A server that is killed under a test takes this connection with it.
  client.on('error', () => {
    isReleased = true
  })
  await client.connect()
  await client.query('BEGIN')
  const { rowCount } = await client.query('SELECT 1 FROM scriptorium.room WHERE room_id = $1 FOR UPDATE', [room])
  const release = async () => {
    if (isReleased) return
    isReleased = true
    await client.query('ROLLBACK')
    await client.end()
  }
  onTestFinished(release)
  if (rowCount !== 1) throw new Error(`${room} has no row yet`)
  return {
    release,
    isWaitedFor: async () => {
      await until('a commit to wait for the row', async () => {
        const { rows } = await client.query(
          `SELECT 1 FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
        )
        return rows.length > 0
      })
    },
  }
}
