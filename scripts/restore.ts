/** `scriptorium restore`: puts a page, or a whole story, back to a version or a moment. */
import { carryOutRestore, type RestoreOrder } from '../server/operate-stories.ts'
import { atStories, runCommand, UsageError } from './story-command.ts'

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

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'restore',
      usage: USAGE,
      words: ['story', 'page', 'version', 'at', 'user'],
      canDryRun: true,
      run: async ({ story, page, version, at, user, dryRun }, tell) => {
        if (story === undefined) throw new UsageError('say which story: --story <id>')
        if (dryRun && page === undefined) throw new UsageError('--dry-run looks at one page: --page <id>')
        checkFrom(version, at)
        const [wanted, time, by] = [version ?? null, at ?? null, user ?? null]
        const order: RestoreOrder = { story, page: page ?? null, version: wanted, at: time, user: by, dryRun }
        const report = await atStories(tell, (place) =>
          'archive' in place ? carryOutRestore(place.archive, order) : place.ask<Done | Preview>('restore', order),
        )
        return { report, words: 'changes' in report ? wordsOfPreview(report) : wordsOf(report) }
      },
    },
    args,
  )

const checkFrom = (version: string | undefined, at: string | undefined): void => {
  if ((version === undefined) === (at === undefined))
    throw new UsageError('say where to: --version <id> or --at <time>')
  if (at !== undefined && Number.isNaN(Date.parse(at))) {
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
  return [...lines, back].join('\n')
}

const wordsOfPreview = ({ changes }: Preview): string => {
  const spans = changes.flatMap(({ spans: each }) => each)
  if (spans.length === 0) return 'No text would change.'
  return spans.map(({ op, text }) => `  ${op === 'insert' ? '+' : '-'} ${JSON.stringify(text)}`).join('\n')
}
