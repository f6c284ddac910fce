/** A story as files: what an export writes and an import reads. It holds no time of its own, so equal stories are equal files. */
import { createHash } from 'node:crypto'
import type { Roots } from '../../threads/page/roots.ts'
import { ArchiveFault } from './fault.ts'
import type { VersionKind } from './versions.ts'

/** Contents by path. */
export type Files = Readonly<Record<string, Uint8Array>>

export interface BundleVersion {
  readonly id: string
  readonly kind: VersionKind
  readonly label: string | null
  readonly author: string | null
  readonly at: string
  readonly storyVersion: string | null
  readonly file: string
  readonly sha256: string
}

export interface BundlePage {
  readonly page: string
  readonly roots: Roots
  /** The page as one Yjs V1 update; beside it lie .json and .txt, for people. */
  readonly file: string
  readonly sha256: string
  readonly versions: readonly BundleVersion[]
}

export interface BundleStoryVersion {
  readonly id: string
  readonly kind: 'named' | 'before'
  readonly label: string | null
  readonly author: string | null
  readonly at: string
}

export interface BundleAsset {
  readonly sha256: string
  readonly file: string
}

export interface Manifest {
  readonly format: 1
  readonly story: string
  readonly pages: readonly BundlePage[]
  readonly storyVersions: readonly BundleStoryVersion[]
  /** Pictures; older exports have none. */
  readonly assets?: readonly BundleAsset[]
}

export const MANIFEST = 'manifest.json'

export const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** A file name that people recognise and every file system takes. */
export const fileName = (index: number, page: string): string => {
  const words = page.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 40)
  return `pages/${String(index + 1).padStart(4, '0')}${words === '' ? '' : `-${words}`}`
}

/**
 * Reads the manifest of a bundle, and proves that every file it names is there as it was written.
 * @throws ArchiveFault invalid, naming the first fault
 */
export const readManifest = (files: Files): Manifest => {
  const manifest = parse(files[MANIFEST])
  if (manifest.format !== 1)
    throw new ArchiveFault('invalid', `format ${manifest.format} is not known: use a newer version`)
  for (const { file, sha256: hash, versions } of manifest.pages) {
    check(files, file, hash)
    for (const version of versions) check(files, version.file, version.sha256)
  }
  for (const { file, sha256: hash } of manifest.assets ?? []) check(files, file, hash)
  return manifest
}

/** How much a bundle holds, of what an import brings in: what lies beside it for people does not count. */
export interface Contents {
  readonly pages: number
  readonly versions: number
  readonly pictures: number
  readonly bytes: number
}

/** @param manifest that of these files */
export const contentsOf = (files: Files, { pages, assets = [] }: Manifest): Contents => {
  const versions = pages.flatMap((page) => page.versions)
  const bytes = [...pages, ...versions, ...assets].reduce((sum, { file }) => sum + (files[file]?.length ?? 0), 0)
  return { pages: pages.length, versions: versions.length, pictures: assets.length, bytes }
}

const parse = (data: Uint8Array | undefined): Manifest => {
  if (data === undefined) throw new ArchiveFault('invalid', `there is no ${MANIFEST}: this is no export of a story`)
  try {
    const manifest = JSON.parse(new TextDecoder().decode(data)) as Manifest
    if (typeof manifest.story === 'string' && Array.isArray(manifest.pages)) return manifest
  } catch (error) {
    throw new ArchiveFault('invalid', `${MANIFEST} cannot be read: ${(error as Error).message}`)
  }
  throw new ArchiveFault('invalid', `${MANIFEST} does not name a story and its pages`)
}

const check = (files: Files, file: string, hash: string): void => {
  const data = files[file]
  if (data === undefined) throw new ArchiveFault('invalid', `${file} is missing`)
  if (sha256(data) !== hash) throw new ArchiveFault('invalid', `${file} is not as it was written`)
}
