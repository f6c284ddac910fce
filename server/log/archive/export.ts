/** Taking a story out, as files: each page and version as Yjs bytes, pages as JSON and text too, and its pictures. */
import { roomIdOf } from '../../../shared/names.ts'
import type { Roots } from '../../threads/page/roots.ts'
import { listAssets, readAsset } from './assets.ts'
import {
  type BundleAsset,
  type BundlePage,
  type BundleVersion,
  type Files,
  fileName,
  MANIFEST,
  type Manifest,
  sha256,
} from './bundle.ts'
import { readPage, renderPage } from './look.ts'
import type { ArchiveParts } from './parts.ts'
import { extensionOf } from './picture-type.ts'
import { listPages, listStoryVersions } from './stories.ts'
import type { VersionKind } from './versions.ts'

const VERSIONS = `
  SELECT id, kind, label, author, at, story_version AS "storyVersion", data
  FROM scriptorium.version WHERE room_id = $1 ORDER BY at, id`

const ROOTS = `SELECT roots FROM scriptorium.room WHERE room_id = $1`

/** Told after each page. */
export type Progress = (done: number, of: number) => void

/** @throws ArchiveFault missing, DatabaseError */
export const exportStory = async (
  parts: ArchiveParts,
  story: string,
  progress: Progress = () => undefined,
): Promise<Files> => {
  const files: Record<string, Uint8Array> = {}
  const pages: BundlePage[] = []
  const listed = await listPages(parts, story, { withDeleted: false })
  const names = listed.map(({ page }) => page).sort()
  for (const [index, page] of names.entries()) {
    pages.push(await exportPage(parts, roomIdOf({ story, page }), fileName(index, page), files))
    progress(index + 1, names.length)
  }
  const storyVersions = (await listStoryVersions(parts, story)).map((version) => ({
    ...version,
    at: version.at.toISOString(),
  }))
  const assets = await exportAssets(parts, story, files)
  const manifest: Manifest = { format: 1, story, pages, storyVersions, assets }
  files[MANIFEST] = text(JSON.stringify(manifest, null, 2))
  return files
}

const exportPage = async (
  parts: ArchiveParts,
  roomId: string,
  name: string,
  files: Record<string, Uint8Array>,
): Promise<BundlePage> => {
  const { seq, data } = await readPage(parts, roomId, { at: 'now' })
  const rendered = await renderPage(parts, roomId, { at: { seq } }, {})
  const file = `${name}.yjs`
  files[file] = data
  files[`${name}.json`] = text(rendered.json)
  files[`${name}.txt`] = text(rendered.text)
  const versions: BundleVersion[] = []
  const rows = await parts.database.query<VersionRow>(VERSIONS, [roomId])
  for (const { data: bytes, at, ...version } of rows) {
    const path = `${name.replace('pages/', 'versions/')}/${version.id}.yjs`
    files[path] = bytes
    versions.push({ ...version, at: at.toISOString(), file: path, sha256: sha256(bytes) })
  }
  const [stored] = await parts.database.query<{ roots: Roots | null }>(ROOTS, [roomId])
  const page = roomId.slice(roomId.indexOf('/') + 1)
  return { page, roots: stored?.roots ?? {}, file, sha256: sha256(data), versions }
}

const exportAssets = async (
  parts: ArchiveParts,
  story: string,
  files: Record<string, Uint8Array>,
): Promise<BundleAsset[]> => {
  const assets: BundleAsset[] = []
  for (const { sha256: hash, type } of await listAssets(parts, story)) {
    const file = `assets/${hash}.${extensionOf(type)}`
    files[file] = (await readAsset(parts, story, hash)).data
    assets.push({ sha256: hash, file })
  }
  return assets
}

interface VersionRow {
  id: string
  kind: VersionKind
  label: string | null
  author: string | null
  at: Date
  storyVersion: string | null
  data: Uint8Array
}

const text = (words: string): Uint8Array => new TextEncoder().encode(`${words}\n`)
