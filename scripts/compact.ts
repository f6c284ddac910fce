/** `scriptorium compact`: folds pages and makes their history coarser, beside a live service. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Config } from '../server/config.ts'
import { type CompactOptions, type CompactProgress, type CompactReport, compactPages } from '../server/log/compact.ts'
import { withOriginals } from '../server/log/windows.ts'
import { systemClock } from '../server/system.ts'
import { ThreadPool } from '../server/threads/pool.ts'
import { bytesOf, durationOf, progressLine } from './progress.ts'
import { numberOf, runCommand, UsageError, untilStopped } from './run-command.ts'
import { askService } from './running-service.ts'
import { NO_COUNTERS, whereTheDataIs } from './store.ts'

const USAGE = `Usage: scriptorium compact [options]

Folds the rows of pages into snapshots, joins what is old of their history, drops snapshots that nobody needs.
Nothing that stands on a page changes, and text deleted since can still be read in its history.
Safe beside a live service and beside a second one of itself; ended half-way, run it again.

  --story <id>            pages of this story only
  --page <id>             this page of it only
  --older-than <days>     pages that nobody edited for so many days
  --min-rows <n>          pages with at least so many rows (default 1)
  --dry-run               writes nothing: says what there is and what would be left
  --concurrency <n>       pages at once, a thread for each (default: half of the cores)
  --max-load <ms>         pauses while the database takes longer than this to answer (default 100)
  --keep-originals <days> rows younger than this stay as they were written (default: HISTORY_FULL_DAYS)
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

const compactAt = async (config: Config, { json, keepOriginalsDays, ...options }: Asked): Promise<CompactReport> => {
  const line = progressLine(process.stderr, 'pages')
  const told = ({ done, total, before, after }: CompactProgress) =>
    line.show(done, total, `${bytesOf(before)} → ${bytesOf(after)}`)
  try {
    return await whereTheDataIs(config, options.concurrency + 1, {
      there: (service) => {
        if (!json) process.stderr.write(`A service (process ${service.pid}) has the data: it does the work.\n`)
        return askService<CompactReport, CompactProgress>(service, 'compact', { ...options, keepOriginalsDays }, told)
      },
      here: ({ database, logger }) =>
        untilStopped('stopped; what is done is done, run it again for the rest', async (signal) => {
          const threads = new ThreadPool({ threads: options.concurrency })
          const history = withOriginals(config.history, keepOriginalsDays)
          const parts = { database, threads, clock: systemClock, logger, counters: NO_COUNTERS, history, signal }
          try {
            return await compactPages(options, parts, told)
          } finally {
            await threads.close()
          }
        }),
    })
  } finally {
    line.end()
  }
}

const readArguments = (args: readonly string[]): Asked | null => {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ story: text, page: text, 'older-than': text, 'min-rows': text, concurrency: text, 'max-load': text },
      ...{ 'keep-originals': text, 'dry-run': flag, verify: flag, json: flag, help: { ...flag, short: 'h' } },
    },
  })
  if (values.help === true) return null
  if (values.page !== undefined && values.story === undefined) throw new UsageError('--page needs --story')
  return {
    story: values.story ?? null,
    page: values.page ?? null,
    olderThanDays: numberOf('older-than', values['older-than'], 0),
    minRows: numberOf('min-rows', values['min-rows'], 0) ?? 1,
    dryRun: values['dry-run'] === true,
    concurrency: Math.floor(numberOf('concurrency', values.concurrency, 1) ?? Math.max(1, availableParallelism() >> 1)),
    maxLoadMs: numberOf('max-load', values['max-load'], 1) ?? 100,
    keepOriginalsDays: numberOf('keep-originals', values['keep-originals'], 0),
    verify: values.verify === true,
    json: values.json === true,
  }
}

const SHOWN = 20

const wordsOf = (report: CompactReport): string => {
  const { before, after } = report
  const saved = before.bytes === 0 ? 0 : 100 * (1 - after.bytes / before.bytes)
  const verb = report.dryRun ? 'would be compacted' : 'compacted'
  const lines = [
    `${report.compacted} of ${report.pages} pages ${verb} in ${durationOf(report.seconds)}${report.dryRun ? ' (nothing was written)' : ''}.`,
    `  rows   ${before.rows} → ${after.rows}`,
    `  bytes  ${bytesOf(before.bytes)} → ${bytesOf(after.bytes)}  (${saved.toFixed(1)} % less)`,
  ]
  if (report.pausedSeconds >= 1) lines.push(`  paused ${durationOf(report.pausedSeconds)} while the database was busy`)
  for (const [why, count] of countsOf(report.skipped.map((page) => page.why))) lines.push(`  skipped ${count}: ${why}`)
  for (const { page, rows } of report.quarantined.slice(0, SHOWN)) lines.push(`  SET ASIDE ${rows} rows of ${page}`)
  for (const { page, why } of report.failed.slice(0, SHOWN)) lines.push(`  FAILED ${page}: ${why}`)
  return `${lines.join('\n')}\n`
}

const countsOf = (words: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
