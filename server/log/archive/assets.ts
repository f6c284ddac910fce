/** The pictures of a story, each by the SHA-256 of its bytes. */
import type { Query } from '../../database/port.ts'
import { sha256 as hashOf } from './bundle.ts'
import { ArchiveFault } from './fault.ts'
import type { ArchiveParts } from './parts.ts'
import { type PictureType, pictureTypeOf } from './picture-type.ts'

/** Finds it too: a picture that is brought again is as young as a new one, to whoever clears those of no use. */
const TOUCH = `
  UPDATE scriptorium.asset SET at = clock_timestamp() WHERE story = $1 AND sha256 = $2 RETURNING sha256, type, bytes`

const HAS = `SELECT 1 AS one FROM scriptorium.asset WHERE story = $1 AND sha256 = $2`

const READ = `SELECT sha256, type, bytes, data FROM scriptorium.asset WHERE story = $1 AND sha256 = $2`

const LIST = `SELECT sha256, type, bytes FROM scriptorium.asset WHERE story = $1 ORDER BY sha256`

/** $3 what all of them may weigh. The row stays locked, so pictures of one story are added one after another. */
const RESERVE = `
  INSERT INTO scriptorium.story_assets (story, bytes) VALUES ($1, $2)
  ON CONFLICT (story) DO UPDATE SET bytes = story_assets.bytes + excluded.bytes
  WHERE story_assets.bytes + excluded.bytes <= $3
  RETURNING bytes`

const KEEP = `
  INSERT INTO scriptorium.asset (story, sha256, type, bytes, data, author) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (story, sha256) DO NOTHING RETURNING sha256`

const COPY = `
  INSERT INTO scriptorium.asset (story, sha256, type, bytes, data, author)
  SELECT $2, sha256, type, bytes, data, $3 FROM scriptorium.asset WHERE story = $1
  ON CONFLICT (story, sha256) DO NOTHING`

const WEIGH = `
  INSERT INTO scriptorium.story_assets (story, bytes)
  SELECT $1, coalesce(sum(bytes), 0)::bigint FROM scriptorium.asset WHERE story = $1
  ON CONFLICT (story) DO UPDATE SET bytes = excluded.bytes`

const HAS_PAGES = `
  SELECT 1 AS one FROM scriptorium.room
  WHERE story = $1 AND erased_at IS NULL AND (seq > 0 OR deleted_at IS NOT NULL) LIMIT 1`

export interface AssetSummary {
  readonly sha256: string
  readonly type: PictureType
  readonly bytes: number
}

export interface Asset extends AssetSummary {
  readonly data: Uint8Array
}

export interface NewAsset {
  readonly sha256: string
  readonly data: Uint8Array
  readonly author: string | null
  /** What all pictures of the story may weigh together. */
  readonly mostBytes: number
}

/**
 * Keeps a picture. Idempotent.
 * @returns what it is, and whether it is new
 * @throws ArchiveFault: invalid (not the bytes of that hash), unknown-type, full; DatabaseError
 */
export const keepAsset = async (
  { database }: ArchiveParts,
  story: string,
  { sha256, data, author, mostBytes }: NewAsset,
): Promise<AssetSummary & { readonly isNew: boolean }> => {
  const type = provenType(sha256, data)
  const [known] = await database.query<AssetSummary>(TOUCH, [story, sha256])
  if (known !== undefined) return { ...known, isNew: false }
  const fresh = { sha256, type, bytes: data.length }
  const isNew = await database.transaction(async (tx) => {
    const full = new ArchiveFault('full', `the pictures of a story may have ${mostBytes} bytes together`)
    if (data.length > mostBytes) throw full
    const reserved = await tx.query(RESERVE, [story, data.length, mostBytes])
    if (reserved.length === 0) throw full
    const kept = await tx.query(KEEP, [story, sha256, type, data.length, data, author])
    if (kept.length === 0) await tx.query(WEIGH, [story])
    return kept.length > 0
  })
  return { ...fresh, isNew }
}

/** @throws ArchiveFault missing; DatabaseError */
export const readAsset = async ({ database }: ArchiveParts, story: string, sha256: string): Promise<Asset> => {
  const [asset] = await database.query<Asset>(READ, [story, sha256])
  if (asset === undefined) throw new ArchiveFault('missing', 'there is no such picture')
  return asset
}

/** Looks whether a story has a picture. @throws ArchiveFault missing; DatabaseError */
export const findAsset = async ({ database }: ArchiveParts, story: string, sha256: string): Promise<void> => {
  const found = await database.query(HAS, [story, sha256])
  if (found.length === 0) throw new ArchiveFault('missing', 'there is no such picture')
}

/** What pictures a story has, by their hashes. @throws DatabaseError */
export const listAssets = ({ database }: Pick<ArchiveParts, 'database'>, story: string): Promise<AssetSummary[]> =>
  database.query<AssetSummary>(LIST, [story])

/** Gives a story the pictures of another, within a transaction. */
export const copyAssets = async (tx: Query, story: string, to: string, author: string | null): Promise<void> => {
  await tx.query(COPY, [story, to, author])
  await tx.query(WEIGH, [to])
}

/** Brings pictures in that an export wrote, within a transaction. @throws ArchiveFault: invalid, unknown-type */
export const importAssets = async (
  tx: Query,
  story: string,
  assets: readonly Pick<Asset, 'sha256' | 'data'>[],
  author: string | null,
): Promise<void> => {
  for (const { sha256, data } of assets) {
    await tx.query(TOUCH, [story, sha256])
    await tx.query(KEEP, [story, sha256, provenType(sha256, data), data.length, data, author])
  }
  if (assets.length > 0) await tx.query(WEIGH, [story])
}

/** Erases the pictures of a story that has no page left, within the transaction that erased its last one. */
export const eraseOrphans = async (tx: Query, story: string): Promise<void> => {
  const pages = await tx.query(HAS_PAGES, [story])
  if (pages.length > 0) return
  await tx.query('DELETE FROM scriptorium.asset WHERE story = $1', [story])
  await tx.query('DELETE FROM scriptorium.story_assets WHERE story = $1', [story])
}

/** @throws ArchiveFault: invalid, unknown-type */
export const provenType = (sha256: string, data: Uint8Array): PictureType => {
  if (hashOf(data) !== sha256) throw new ArchiveFault('invalid', `these bytes do not have the SHA-256 ${sha256}`)
  const type = pictureTypeOf(data)
  if (type === null) throw new ArchiveFault('unknown-type', 'a picture is PNG, JPEG, WebP, GIF or AVIF, by its content')
  return type
}
