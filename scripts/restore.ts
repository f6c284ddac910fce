/** `scriptorium restore`: puts a page, or a whole story, back to a version or a moment. */
import { roomIdOf } from '../shared/names.ts'
import { askService, atStories, type Place, pathOf, runCommand, UsageError } from './story-command.ts'

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

type From = { readonly version: string } | { readonly at: { readonly time: Date } }

interface Asked {
  readonly story: string
  readonly page: string | undefined
  readonly from: From
  readonly user: string | null
}

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'restore',
      usage: USAGE,
      words: ['story', 'page', 'version', 'at', 'user'],
      canDryRun: true,
      run: async (values, tell) => {
        const { story, page, user } = values
        if (story === undefined) throw new UsageError('say which story: --story <id>')
        const asked: Asked = { story, page, from: fromOf(values.version, values.at), user: user ?? null }
        if (values.dryRun) {
          if (page === undefined) throw new UsageError('--dry-run looks at one page: --page <id>')
          const report = await atStories(tell, (place) => preview(place, { ...asked, page }))
          return { report, words: wordsOfPreview(report) }
        }
        const report = await atStories(tell, (place) =>
          page === undefined ? whole(place, asked) : one(place, { ...asked, page }),
        )
        return { report, words: wordsOf(report) }
      },
    },
    args,
  )

const fromOf = (version: string | undefined, at: string | undefined): From => {
  if ((version === undefined) === (at === undefined))
    throw new UsageError('say where to: --version <id> or --at <time>')
  if (version !== undefined) return { version }
  const time = new Date(at ?? '')
  if (Number.isNaN(time.getTime())) throw new UsageError(`--at is '${at}': must be a time such as 2026-01-31T12:00:00Z`)
  return { at: { time } }
}

const bodyOf = (from: From): string => JSON.stringify('version' in from ? from : { at: from.at.time.toISOString() })

const userOf = (user: string | null): string => (user === null ? '' : `user=${encodeURIComponent(user)}`)

interface Preview {
  readonly changes: readonly { readonly spans: readonly { readonly op: string; readonly text: string }[] }[]
}

const preview = async (place: Place, { story, page, from }: Asked & { page: string }): Promise<Preview> => {
  if ('archive' in place) return place.archive.previewRestore(roomIdOf({ story, page }), from)
  const answer = await askService(place.service, `POST ${pathOf(story, page)}/restore?preview=true`, bodyOf(from))
  return (await answer.json()) as Preview
}

interface Done {
  readonly version: string | null
  readonly pages: readonly { readonly page: string; readonly seq: number; readonly version: string | null }[]
}

const one = async (place: Place, { story, page, from, user }: Asked & { page: string }): Promise<Done> => {
  const asked = { author: user, once: null }
  const done =
    'archive' in place
      ? await place.archive.restorePage(roomIdOf({ story, page }), from, asked)
      : ((await (
          await askService(place.service, `POST ${pathOf(story, page)}/restore?${userOf(user)}`, bodyOf(from))
        ).json()) as { seq: number; version: string | null })
  return { version: done.version, pages: [{ page, ...done }] }
}

const whole = async (place: Place, { story, from, user }: Asked): Promise<Done> => {
  if ('archive' in place) return place.archive.restoreStory(story, from, { author: user, once: null })
  const answer = await askService(place.service, `POST ${pathOf(story)}/restore?${userOf(user)}`, bodyOf(from))
  return (await answer.json()) as Done
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
