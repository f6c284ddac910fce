/**
 * Pictures that nothing refers to any more. A picture is referred to wherever its hash stands: in a row, a snapshot, a
 * version, or what was set aside, of any page of its story, deleted ones too. What cannot be decided is kept: bytes are
 * compared, nothing is decoded.
 */
import type { Database, Query, Scalar } from '../database/port.ts'

export interface ClearOptions {
  /** Pictures of this story only; null: of all. */
  readonly story: string | null
  /** A device that was away may still bring a page that shows a picture: one that came within these days stays. */
  readonly olderThanDays: number
  /** Removes nothing. */
  readonly dryRun: boolean
}

interface Weighed {
  readonly bytes: number
}

export interface Cleared {
  readonly pictures: number
  readonly bytes: number
}

/** $1 a story, or null: all; $2 days. */
const OLD = `
  SELECT story, sha256 FROM scriptorium.asset
  WHERE ($1::text IS NULL OR story = $1) AND at < clock_timestamp() - $2::float8 * interval '1 day'
  ORDER BY story, sha256`

/** Each way to write a hash: as letters, small or large, or as its bytes. */
const SAYS = (data: string): string =>
  `(position(convert_to($2::text, 'UTF8') IN ${data}) > 0
    OR position(convert_to(upper($2::text), 'UTF8') IN ${data}) > 0
    OR position(decode($2::text, 'hex') IN ${data}) > 0)`

const UNNAMED = ['update', 'snapshot', 'version', 'quarantine']
  .map(
    (table) => `NOT EXISTS (
      SELECT 1 FROM scriptorium.${table} AS said JOIN scriptorium.room ON room.room_id = said.room_id
      WHERE room.story = $1 AND ${SAYS('said.data')})`,
  )
  .join(' AND ')

const NEEDLESS = `
  FROM scriptorium.asset AS asset
  WHERE asset.story = $1 AND asset.sha256 = $2 AND asset.at < statement_timestamp() - $3::float8 * interval '1 day'
    AND ${UNNAMED}`

const FIND = `SELECT bytes ${NEEDLESS}`

/** One that is brought again meanwhile is young again, and stays. */
const REMOVE = `DELETE ${NEEDLESS} RETURNING bytes`

/** Pictures are added to the story one after another, and what they weigh stays true. */
const LOCK = 'SELECT bytes FROM scriptorium.story_assets WHERE story = $1 FOR UPDATE'

const WEIGH = 'UPDATE scriptorium.story_assets SET bytes = bytes - $2 WHERE story = $1'

/**
 * Removes the pictures that nothing refers to, one at a time, beside a live service.
 * @returns what went, or would go
 * @throws DatabaseError, or the reason of `signal`
 */
export const clearPictures = async (
  { story, olderThanDays, dryRun }: ClearOptions,
  { database, signal }: { readonly database: Database; readonly signal: AbortSignal },
): Promise<Cleared> => {
  const sum = { pictures: 0, bytes: 0 }
  const old = await database.query<{ story: string; sha256: string }>(OLD, [story, olderThanDays])
  for (const picture of old) {
    signal.throwIfAborted()
    const asked = [picture.story, picture.sha256, olderThanDays] as const
    const [found] = await database.query<Weighed>(FIND, asked)
    const gone = found === undefined || dryRun ? found : await database.transaction((tx) => remove(tx, asked))
    if (gone === undefined) continue
    sum.pictures++
    sum.bytes += gone.bytes
  }
  return sum
}

const remove = async (tx: Query, asked: readonly [story: string, ...Scalar[]]): Promise<Weighed | undefined> => {
  const [story] = asked
  await tx.query(LOCK, [story])
  const [removed] = await tx.query<Weighed>(REMOVE, asked)
  if (removed !== undefined) await tx.query(WEIGH, [story, removed.bytes])
  return removed
}
