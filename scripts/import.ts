/** `scriptorium import`: brings in what `scriptorium export` wrote. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { unzipSync } from 'fflate'
import { type Files, readManifest } from '../server/log/archive/bundle.ts'
import type { Imported } from '../server/log/archive/import.ts'
import { carryOutImport, type ImportOrder, packed } from '../server/operate-stories.ts'
import { atStories, type Place, runCommand, type Tell, UsageError } from './story-command.ts'

const USAGE = `Usage: scriptorium import --from <folder | file.zip> [--story <id>] [--dry-run] [--user <id>] [--json]

Brings in a story that \`scriptorium export\` wrote: all of it or nothing. Every file is compared with its
hash, and every page proven to load, before anything is written. A page that exists is never written over.
Safe beside a running service; on an embedded database that a service holds, that service does it.

  --story <id>   another name for the story than its own
  --dry-run      looks whether it would succeed, and changes nothing
  --user <id>    who does it, for the history
  --json         one line of JSON for machines
`

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'import',
      usage: USAGE,
      words: ['from', 'story', 'user'],
      canDryRun: true,
      run: async ({ from, story: given, user, dryRun }, tell) => {
        if (from === undefined) throw new UsageError('say from where: --from <path>')
        const path = resolve(from)
        const files = statSync(path).isDirectory() ? readFolder(path) : unzipSync(readFileSync(path))
        const story = given ?? readManifest(files).story
        const order: ImportOrder = { files: packed(files), story, user: user ?? null, dryRun }
        const report = await atStories(tell, (place) => bring(place, order, tell))
        const done = dryRun ? 'could be imported' : 'imported'
        const words = `${report.story}: ${report.pages.length} pages and ${report.versions} versions (${report.bytes} bytes) ${done}`
        return { report: { ...report, dryRun }, words }
      },
    },
    args,
  )

const readFolder = (path: string): Files => {
  const files: Record<string, Uint8Array> = {}
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    files[relative(path, file).split(sep).join('/')] = readFileSync(file)
  }
  return files
}

const bring = (place: Place, order: ImportOrder, tell: Tell): Promise<Imported> =>
  'archive' in place ? carryOutImport(place.archive, order, tell.progress) : place.ask<Imported>('import', order)
