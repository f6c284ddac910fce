/** `scriptorium restore`: puts a page, or a whole story, back to a version or a moment. */
import type { Config } from '../server/config.ts'
import { carryOutRestore, type RestoreOrder } from '../server/operate-stories.ts'
import { runCommand, UsageError } from './run-command.ts'
import { atStories, readOptions } from './stories.ts'

const USAGE = `Usage: scriptorium restore --story <id> [--page <id>] (--version <id> | --at <time>) [--dry-run] [--user <id>] [--json]

Makes a page, or without --page every page of the story, equal to an earlier state. What others type
meanwhile survives, and the state before is kept as a version: so a restore can be undone.
Safe beside a running service; on an embedded database that a service holds, that service does it.

  --at <time>       ISO 8601, such as 2026-01-31T12:00:00Z
  --version <id>    as GET …/versions lists them
  --dry-run         says what would change in the page, and changes nothing
  --user <id>       who does it, for the history
  --json            one line of JSON for machines
`

type Asked = RestoreOrder & { readonly json: boolean }

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'restore',
      usage: USAGE,
      read: readArguments,
      work: async (config, { json, ...order }: Asked) => ({ ok: true, ...(await restore(config, json, order)) }),
      words: (report) => ('changes' in report ? wordsOfPreview(report) : wordsOf(report)),
      isWell: () => true,
    },
    args,
  )

const restore = (config: Config, json: boolean, order: RestoreOrder): Promise<Done | Preview> =>
  atStories(config, json, (place) =>
    'archive' in place ? carryOutRestore(place.archive, order) : place.ask<Done | Preview>('restore', order),
  )

const readArguments = (args: readonly string[]): Asked | null => {
  const given = readOptions(args, ['story', 'page', 'version', 'at', 'user'], true)
  if (given === null) return null
  const { story, page = null, version = null, at = null, user = null, dryRun, json } = given
  if (story === undefined) throw new UsageError('say which story: --story <id>')
  if (dryRun && page === null) throw new UsageError('--dry-run looks at one page: --page <id>')
  checkFrom(version, at)
  return { story, page, version, at, user, dryRun, json }
}

const checkFrom = (version: string | null, at: string | null): void => {
  if ((version === null) === (at === null)) throw new UsageError('say where to: --version <id> or --at <time>')
  if (at !== null && Number.isNaN(Date.parse(at))) {
    throw new UsageError(`--at is '${at}': must be a time such as 2026-01-31T12:00:00Z`)
  }
}

interface Preview {
  readonly changes: readonly { readonly spans: readonly { readonly op: string; readonly text: string }[] }[]
}

interface Done {
  readonly version: string | null
  readonly pages: readonly { readonly page: string; readonly seq: number; readonly version: string | null }[]
}

const wordsOf = ({ pages, version }: Done): string => {
  const lines = pages.map(({ page, seq, version: before }) =>
    before === null
      ? `  ${page}: was equal already`
      : `  ${page}: restored as edit ${seq}; its state before is version ${before}`,
  )
  const back = version === null ? 'Nothing had to change.' : `To go back: --version ${version}`
  return `${[...lines, back].join('\n')}\n`
}

const wordsOfPreview = ({ changes }: Preview): string => {
  const spans = changes.flatMap(({ spans: each }) => each)
  if (spans.length === 0) return 'No text would change.\n'
  return spans.map(({ op, text }) => `  ${op === 'insert' ? '+' : '-'} ${JSON.stringify(text)}\n`).join('')
}
