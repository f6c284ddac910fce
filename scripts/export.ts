/** `scriptorium export`: writes a story to a folder or a zip. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { zipSync } from 'fflate'
import type { Config } from '../server/config.ts'
import { contentsOf, type Files, readManifest } from '../server/log/archive/bundle.ts'
import { type PackedFiles, unpacked } from '../server/operate-stories.ts'
import { contentsInWords } from './progress.ts'
import { runCommand, UsageError } from './run-command.ts'
import { atStories, type Place, readOptions } from './stories.ts'

const USAGE = `Usage: scriptorium export --story <id> --to <folder | file.zip> [--json]

Writes every page and version of a story as files: Yjs bytes, and for people JSON and text.
\`scriptorium import\` brings them in again, byte by byte. The history (who wrote what when) stays behind.
Safe beside a running service; on an embedded database that a service holds, that service is asked.

  --to <path>   a new folder or an empty one; or a file that ends with .zip
  --json        one line of JSON for machines
`

/** No time is written: equal files make equal zips. */
const EQUAL_ZIPS = { level: 6, mtime: '1980-01-01T00:00:00' } as const

interface Asked {
  readonly story: string
  /** An absolute path. */
  readonly path: string
  readonly json: boolean
}

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'export',
      usage: USAGE,
      read: readArguments,
      work: exportTo,
      words: ({ story, path, ...contents }) => `${story}: ${contentsInWords(contents)} written to ${path}\n`,
      isWell: ({ ok }) => ok,
    },
    args,
  )

const readArguments = (args: readonly string[]): Asked | null => {
  const given = readOptions(args, ['story', 'to'])
  if (given === null) return null
  const { story, to, json } = given
  if (story === undefined || to === undefined) {
    throw new UsageError('say which story and where to: --story <id> --to <path>')
  }
  return { story, path: resolve(to), json }
}

const exportTo = async (config: Config, { story, path, json }: Asked) => {
  const isZip = path.endsWith('.zip')
  checkFree(path, isZip)
  const files = await atStories(config, json, (place) => take(place, story))
  if (isZip) writeWhole(path, zipSync({ ...files }, EQUAL_ZIPS))
  else writeFolder(path, files)
  return { ok: true, story, path, ...contentsOf(files, readManifest(files)) }
}

/** Nothing is written over. */
const checkFree = (path: string, isZip: boolean): void => {
  if (!existsSync(path)) return
  if (!isZip && statSync(path).isDirectory() && readdirSync(path).length === 0) return
  throw new Error(`${path} exists already: choose another, or remove it first`)
}

const take = async (place: Place, story: string): Promise<Files> =>
  'archive' in place
    ? place.archive.exportStory(story, place.told)
    : unpacked(await place.ask<PackedFiles>('export', { story }))

/** A folder under another name until it is whole. */
const writeFolder = (path: string, files: Files): void => {
  const draft = `${path}.${process.pid}.draft`
  try {
    for (const [name, data] of Object.entries(files)) {
      const file = join(draft, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, data)
    }
    rmSync(path, { recursive: true, force: true })
    renameSync(draft, path)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

const writeWhole = (path: string, data: Uint8Array): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}.draft`, data)
  renameSync(`${path}.${process.pid}.draft`, path)
}
