/** `scriptorium compact`: folds pages and makes their history coarser, beside a live service. */
import { parseArgs } from 'node:util'
import type { Config } from '../server/config.ts'
import { type CompactOptions, type CompactProgress, compactPages } from '../server/log/compact.ts'
import { withOriginals } from '../server/log/windows.ts'
import { counted } from '../shared/counted.ts'
import type { CompactReport } from '../shared/operators.ts'
import { pageOptions, workOnPages } from './page-work.ts'
import { bytesOf, durationOf } from './progress.ts'
import { numberOf, runCommand, UsageError } from './run-command.ts'

const USAGE = `Usage: scriptorium compact [options]

Folds the rows of pages into snapshots, joins what is old of their history, drops snapshots that nobody needs.
Nothing that stands on a page changes, and text deleted since can still be read in its history.
Safe beside a live service and beside a second one of itself; ended half-way, run it again. It lowers its own priority
(nice 10), so that a service on this machine keeps its pace.

  --story <id>            pages of this story only
  --page <id>             this page of it only
  --older-than <days>     pages that nobody edited for so many days
  --min-rows <n>          pages with at least so many rows (default 1)
  --dry-run               writes nothing: says what there is and what would be left
  --concurrency <n>       pages at once, a thread for each (default: half of the cores)
  --max-load <ms>         pauses while the database takes longer than this to answer (default 100)
  --keep-originals <days> rows younger than this stay as they were written (default: HISTORY_FULL_DAYS)
  --pictures              removes pictures that no page of their story names, as it is or was (see docs/set-up.md)
  --pictures-days <n>     only such as came more than n days ago (default 90)
  --verify                reads every page back and compares it with its history
  --json                  one line of JSON for machines
  --help                  this text

Exit code: 0; 1 when rows of a page had to be set aside, a page could not be compacted, or the command failed;
2 for a wrong command line.
`

interface Asked extends CompactOptions {
  readonly keepOriginalsDays: number | null
  readonly json: boolean
}

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'compact',
      usage: USAGE,
      read: readArguments,
      work: compactAt,
      words: wordsOf,
      isWell: ({ quarantined, failed }) => quarantined.length + failed.length === 0,
    },
    args,
  )

const compactAt = (config: Config, { json, keepOriginalsDays, ...options }: Asked): Promise<CompactReport> => {
  const history = withOriginals(config.history, keepOriginalsDays)
  return workOnPages<CompactReport, CompactProgress>(config, {
    name: 'compact',
    order: { ...options, keepOriginalsDays },
    concurrency: options.concurrency,
    json,
    stopped: 'stopped; what is done is done, run it again for the rest',
    show: (line, { done, total, before, after }) => line.show(done, total, `${bytesOf(before)} → ${bytesOf(after)}`),
    work: (parts, told) => compactPages(options, { ...parts, history }, told),
  })
}

const readArguments = (args: readonly string[]): Asked | null => {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ story: text, page: text, 'older-than': text, 'min-rows': text, concurrency: text, 'max-load': text },
      ...{ 'pictures-days': text, pictures: flag },
      ...{ 'keep-originals': text, 'dry-run': flag, verify: flag, json: flag, help: { ...flag, short: 'h' } },
    },
  })
  if (values.help === true) return null
  return {
    ...pageOptions(values),
    olderThanDays: numberOf('older-than', values['older-than'], 0),
    minRows: numberOf('min-rows', values['min-rows'], 0) ?? 1,
    dryRun: values['dry-run'] === true,
    maxLoadMs: numberOf('max-load', values['max-load'], 1) ?? 100,
    keepOriginalsDays: numberOf('keep-originals', values['keep-originals'], 0),
    verify: values.verify === true,
    picturesOlderThanDays: picturesOf(values),
    json: values.json === true,
  }
}

/** A device may have been away for so long, and bring a page that shows a picture. */
const PICTURES_DAYS = 90

/** @throws UsageError */
const picturesOf = (values: {
  readonly pictures?: boolean | undefined
  readonly page?: string | undefined
  readonly 'pictures-days'?: string | undefined
}): number | null => {
  const days = numberOf('pictures-days', values['pictures-days'], 0)
  if (values.pictures !== true) {
    if (days !== null) throw new UsageError('--pictures-days needs --pictures')
    return null
  }
  if (values.page !== undefined) throw new UsageError('--pictures are those of a story: leave out --page')
  return days ?? PICTURES_DAYS
}

const SHOWN = 20

const wordsOf = (report: CompactReport): string => {
  const { before, after } = report
  const verb = report.dryRun ? 'would be compacted' : 'compacted'
  const lines = [
    `${report.compacted} of ${counted(report.pages, 'page')} ${verb} in ${durationOf(report.seconds)}${report.dryRun ? ' (nothing was written)' : ''}.`,
    `  rows   ${before.rows} → ${after.rows}`,
    `  bytes  ${bytesOf(before.bytes)} → ${bytesOf(after.bytes)}  (${differenceOf(before.bytes, after.bytes)})`,
  ]
  if (report.pictures !== null) {
    const { pictures, bytes } = report.pictures
    const done = report.dryRun ? 'would be removed' : 'removed'
    lines.push(`  ${counted(pictures, 'picture')} ${done} (${bytesOf(bytes)})`)
  }
  if (report.pausedSeconds >= 1) lines.push(`  paused ${durationOf(report.pausedSeconds)} while the database was busy`)
  for (const [why, count] of countsOf(report.skipped.map((page) => page.why))) lines.push(`  skipped ${count}: ${why}`)
  for (const { page, rows } of report.quarantined.slice(0, SHOWN))
    lines.push(`  SET ASIDE ${counted(rows, 'row')} of ${page}`)
  for (const { page, why } of report.failed.slice(0, SHOWN)) lines.push(`  FAILED ${page}: ${why}`)
  return `${lines.join('\n')}\n`
}

const differenceOf = (before: number, after: number): string => {
  const percent = before === 0 ? 0 : Math.abs(100 * (1 - after / before))
  if (after > before) return `${percent.toFixed(1)} % more: small pages gain a snapshot, and their rows stay as history`
  return `${percent.toFixed(1)} % less`
}

const countsOf = (words: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
