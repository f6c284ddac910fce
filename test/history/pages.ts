/** Many pages put straight into a database, as rooms would have written them. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import * as Y from 'yjs'
import { pageAsText } from '../support/equal.ts'
import type { Random } from '../support/random.ts'
import type { Store } from '../support/stores.ts'
import { foldOf } from '../support/stores.ts'

const STORY = fileURLToPath(new URL('../../../shared/stories/alice-in-wonderland.txt', import.meta.url))
const text = existsSync(STORY) ? readFileSync(STORY, 'utf8') : 'Once upon a time there was a page. '.repeat(5000)

/** Typing of `keys` keys as rows of a few keys each, corrected now and then. */
export const typedRows = (random: Random, keys: number): Uint8Array[] => {
  const doc = new Y.Doc()
  const rows: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => rows.push(update))
  const body = doc.getText('text')
  let at = random.below(text.length - keys)
  for (let typed = 0; typed < keys; ) {
    const count = 1 + random.below(4)
    doc.transact(() => {
      for (let key = 0; key < count; key++) body.insert(body.length, text[at++] ?? ' ')
      if (random.chance(0.1) && body.length > 8) body.delete(body.length - 4, 3)
    })
    typed += count
  }
  return rows
}

/** Writes rows after those that pages have; the first row of a page is `days` old. */
export const plantPages = async (
  store: Store,
  pages: ReadonlyMap<string, readonly Uint8Array[]>,
  days: number,
  secondsBetween = 1,
): Promise<void> => {
  const client = new pg.Client({ connectionString: store.env.DATABASE_URL })
  await client.connect()
  try {
    for (const [room, rows] of pages) {
      const [story, page] = room.split('/')
      const { rows: grown } = await client.query<{ from: number }>(
        `INSERT INTO scriptorium.room AS r (room_id, story, page, seq) VALUES ($1, $2, $3, $4)
         ON CONFLICT (room_id) DO UPDATE SET seq = r.seq + $4 RETURNING (seq - $4)::int AS from`,
        [room, story, page, rows.length],
      )
      await client.query(
        `INSERT INTO scriptorium.update (room_id, seq, part, batch, author, at, data)
         SELECT $1, $5 + n, 0, gen_random_uuid(), 'ana',
                now() - $3::float8 * interval '1 day' + ($5 + n) * $4::float8 * interval '1 second', decode(data, 'base64')
         FROM unnest($2::text[]) WITH ORDINALITY AS given (data, n)`,
        [room, rows.map((row) => Buffer.from(row).toString('base64')), days, secondsBetween, grown[0]?.from ?? 0],
      )
    }
  } finally {
    await client.end()
  }
}

/** A hash of what stands on a page. */
export const contentHash = async (store: Store, room: string): Promise<string> =>
  createHash('sha256')
    .update(pageAsText(await foldOf(store, room)))
    .digest('hex')

/** Bytes of rows and snapshots of all pages. */
export const bytesIn = async (store: Store): Promise<number> => {
  const [sum] = await store.query<{ bytes: string }>(
    `SELECT (SELECT coalesce(sum(octet_length(data)), 0) FROM scriptorium.update)
          + (SELECT coalesce(sum(octet_length(data)), 0) FROM scriptorium.snapshot) AS bytes`,
  )
  return Number(sum?.bytes)
}
