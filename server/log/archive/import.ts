/** Bringing a story in from files, byte by byte as it was taken out; all of it or nothing. */

import { nameFault, roomIdOf } from '../../../shared/names.ts'
import { importAssets, provenType } from './assets.ts'
import { type BundlePage, contentsOf, type Files, type Manifest, readManifest } from './bundle.ts'
import { createPage, type NewPage } from './create.ts'
import type { Progress } from './export.ts'
import { ArchiveFault } from './fault.ts'
import { type ArchiveParts, told } from './parts.ts'
import { storable } from './root-types.ts'

const KEEP_VERSION = `
  INSERT INTO scriptorium.version (room_id, id, seq, kind, label, author, at, story_version, data)
  VALUES ($1, $2::uuid, 0, $3, $4, $5, $6::timestamptz, $7::uuid, $8)`

const KEEP_STORY_VERSION = `
  INSERT INTO scriptorium.story_version (story, id, kind, label, author, at)
  VALUES ($1, $2::uuid, $3, $4, $5, $6::timestamptz)`

const USED = `SELECT page FROM scriptorium.room WHERE room_id = ANY($1::text[]) AND (seq > 0 OR deleted_at IS NOT NULL)`

export interface Imported {
  readonly story: string
  readonly pages: readonly string[]
  readonly versions: number
  readonly pictures: number
  readonly bytes: number
}

export interface ImportOptions {
  /** Another name for the story; null: its own. */
  readonly story: string | null
  readonly author: string | null
  /** Looks whether it would succeed, and changes nothing. */
  readonly dryRun: boolean
}

/** @throws ArchiveFault: invalid (a file is missing or damaged), taken (a page exists: nothing is imported); DatabaseError */
export const importStory = async (
  parts: ArchiveParts,
  files: Files,
  options: ImportOptions,
  progress: Progress = () => undefined,
): Promise<Imported> => {
  const manifest = readManifest(files)
  const story = options.story ?? manifest.story
  checkNames(story, manifest)
  for (const { sha256, data } of assetsOf(files, manifest)) provenType(sha256, data)
  const pages: NewPage[] = []
  for (const [index, page] of manifest.pages.entries()) {
    pages.push(await provenPage(parts, files, story, page, options.author))
    progress(index + 1, manifest.pages.length)
  }
  await checkFree(parts, pages)
  if (!options.dryRun) {
    await write(parts, files, story, manifest, pages, options.author)
    for (const { roomId } of pages) await parts.changed(roomId)
  }
  return { ...contentsOf(files, manifest), story, pages: manifest.pages.map(({ page }) => page) }
}

const assetsOf = (files: Files, { assets = [] }: Manifest) =>
  assets.map(({ sha256, file }) => ({ sha256, data: files[file] ?? new Uint8Array() }))

const checkNames = (story: string, { pages }: Manifest): void => {
  for (const name of [story, ...pages.map(({ page }) => page)]) {
    const fault = nameFault(name)
    if (fault !== null) throw new ArchiveFault('invalid', `the name '${name}' ${fault}`)
  }
}

const provenPage = async (
  { threads }: ArchiveParts,
  files: Files,
  story: string,
  { page, file, roots, versions }: BundlePage,
  author: string | null,
): Promise<NewPage> => {
  for (const version of versions) await proven(threads, files, version.file)
  const content = await proven(threads, files, file)
  return { roomId: roomIdOf({ story, page }), content, kind: 'import', author, roots: JSON.stringify(storable(roots)) }
}

const proven = async (threads: ArchiveParts['threads'], files: Files, file: string) => {
  try {
    return await told(threads.run('importPage', { data: files[file] ?? new Uint8Array() }))
  } catch (error) {
    throw new ArchiveFault('invalid', `${file} is no page that can be read: ${(error as Error).message}`)
  }
}

const checkFree = async ({ database }: ArchiveParts, pages: readonly NewPage[]): Promise<void> => {
  const used = await database.query<{ page: string }>(USED, [pages.map(({ roomId }) => roomId)])
  if (used.length === 0) return
  const names = used.map(({ page }) => page).join(', ')
  throw new ArchiveFault('taken', `these pages exist already, or did: ${names}. Choose another story name`)
}

const write = (
  parts: ArchiveParts,
  files: Files,
  story: string,
  manifest: Manifest,
  pages: readonly NewPage[],
  author: string | null,
): Promise<void> =>
  parts.database.transaction(async (tx) => {
    for (const page of pages) await createPage(parts, tx, page)
    for (const { page, versions } of manifest.pages) {
      for (const { id, kind, label, author: by, at, storyVersion, file } of versions) {
        const data = files[file] ?? new Uint8Array()
        await tx.query(KEEP_VERSION, [roomIdOf({ story, page }), id, kind, label, by, at, storyVersion, data])
      }
    }
    for (const { id, kind, label, author: by, at } of manifest.storyVersions) {
      await tx.query(KEEP_STORY_VERSION, [story, id, kind, label, by, at])
    }
    await importAssets(tx, story, assetsOf(files, manifest), author)
  })
