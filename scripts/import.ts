/** `scriptorium import`: brings in what `scriptorium export` wrote. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { unzipSync } from 'fflate'
import type { Config } from '../server/config.ts'
import { type Files, readManifest } from '../server/log/archive/bundle.ts'
import type { Imported } from '../server/log/archive/import.ts'
import { carryOutImport, type ImportOrder, packed } from '../server/operate-stories.ts'
import { contentsInWords } from './progress.ts'
import { runCommand, UsageError } from './run-command.ts'
import { atStories, readOptions } from './stories.ts'

const USAGE = `Usage: scriptorium import --from <folder | file.zip> [--story <id>] [--dry-run] [--user <id>] [--json]

Brings in a story that \`scriptorium export\` wrote: all of it or nothing. Every file is compared with its
hash, and every page proven to load, before anything is written. A page that exists is never written over.
Safe beside a running service; on an embedded database that a service holds, that service does it.

  --story <id>   another name for the story than its own
  --dry-run      looks whether it would succeed, and changes nothing
  --user <id>    who does it, for the history
  --json         one line of JSON for machines
`

interface Asked {
  /** An absolute path. */
  readonly path: string
  /** Another name for the story; null: its own. */
  readonly story: string | null
  readonly user: string | null
  readonly dryRun: boolean
  readonly json: boolean
}

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'import',
      usage: USAGE,
      read: readArguments,
      work: importFrom,
      words: ({ story, dryRun, pages, ...rest }) =>
        `${story}: ${contentsInWords({ ...rest, pages: pages.length })} ${dryRun ? 'could be imported' : 'imported'}\n`,
      isWell: ({ ok }) => ok,
    },
    args,
  )

const readArguments = (args: readonly string[]): Asked | null => {
  const given = readOptions(args, ['from', 'story', 'user'], true)
  if (given === null) return null
  const { from, story = null, user = null, dryRun, json } = given
  if (from === undefined) throw new UsageError('say from where: --from <path>')
  return { path: resolve(from), story, user, dryRun, json }
}

const importFrom = async (config: Config, { path, story: given, user, dryRun, json }: Asked) => {
  const files = statSync(path).isDirectory() ? readFolder(path) : unzipSync(readFileSync(path))
  const story = given ?? readManifest(files).story
  const order: ImportOrder = { files: packed(files), story, user, dryRun }
  const imported = await atStories(config, json, (place) =>
    'archive' in place ? carryOutImport(place.archive, order, place.told) : place.ask<Imported>('import', order),
  )
  return { ok: true, ...imported, dryRun }
}

const readFolder = (path: string): Files => {
  const files: Record<string, Uint8Array> = {}
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    files[relative(path, file).split(sep).join('/')] = readFileSync(file)
  }
  return files
}
