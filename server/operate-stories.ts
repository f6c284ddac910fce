/** What the service does for the commands that work on stories, on the database that it holds. */
import { roomIdOf } from '../shared/names.ts'
import type { Work } from './http/work.ts'
import type { Archive } from './log/archive/archive.ts'
import type { Files } from './log/archive/bundle.ts'

/** Files as JSON can say them. */
export type PackedFiles = Readonly<Record<string, string>>

/** Where a page or story is to go back to; a time as ISO 8601. */
export interface RestoreOrder {
  readonly story: string
  /** Null: every page of the story. */
  readonly page: string | null
  readonly version: string | null
  readonly at: string | null
  readonly user: string | null
  readonly dryRun: boolean
}

export interface ImportOrder {
  readonly files: PackedFiles
  readonly story: string
  readonly user: string | null
  readonly dryRun: boolean
}

export const packed = (files: Files): PackedFiles =>
  Object.fromEntries(Object.entries(files).map(([name, data]) => [name, Buffer.from(data).toString('base64')]))

export const unpacked = (files: PackedFiles): Files =>
  Object.fromEntries(Object.entries(files).map(([name, data]) => [name, Buffer.from(data, 'base64')]))

/** Restores, or tells what would change. @throws ArchiveFault */
export const carryOutRestore = async (archive: Archive, order: RestoreOrder) => {
  const { story, page, version, user, dryRun } = order
  const source = version === null ? { at: { time: new Date(order.at ?? '') } } : { version }
  const asked = { author: user, once: null }
  if (page === null) return archive.restoreStory(story, source, asked)
  const roomId = roomIdOf({ story, page })
  if (dryRun) return archive.previewRestore(roomId, source)
  const done = await archive.restorePage(roomId, source, asked)
  return { version: done.version, pages: [{ page, ...done }] }
}

/** Imports, or tells what would be. @throws ArchiveFault */
export const carryOutImport = (
  archive: Archive,
  { files, story, user, dryRun }: ImportOrder,
  told: (done: number, of: number) => void,
) => archive.importStory(unpacked(files), { story, author: user, dryRun }, told)

/** @returns what can be asked for; only commands of this software ask, so bodies are what they send */
export const storyOperations = (archive: Archive): Work => ({
  restore: (body) => carryOutRestore(archive, body as RestoreOrder),
  export: async (body, told) => {
    const { story } = body as { readonly story: string }
    return packed(await archive.exportStory(story, (done, of) => told({ done, of })))
  },
  import: (body, told) => carryOutImport(archive, body as ImportOrder, (done, of) => told({ done, of })),
})
