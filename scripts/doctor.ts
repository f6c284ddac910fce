/** `scriptorium doctor`: reads pages, says what is wrong with them, mends what is sure. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Config } from '../server/config.ts'
import { type ExamineOptions, type ExamineReport, examinePages } from '../server/log/examine.ts'
import { systemClock } from '../server/system.ts'
import { ThreadPool } from '../server/threads/pool.ts'
import { durationOf, progressLine } from './progress.ts'
import { numberOf, runCommand, UsageError, untilStopped } from './run-command.ts'
import { askService } from './running-service.ts'
import { NO_COUNTERS, whereTheDataIs } from './store.ts'

const USAGE = `Usage: scriptorium doctor [options]

Reads every page, or some, and says what is wrong: that it does not load, that its snapshot, its rows and its history
do not agree, that rows are missing or belong to no page, that it refers to what is not there; and what is worth
knowing: very large pages, pages of which most was deleted, rows that were set aside.

  --story <id>        pages of this story only
  --page <id>         this page of it only
  --repair            mends what is sure: a snapshot is made anew from its data or from the history, rows that cannot be
                      read are set aside, a sequence is raised to its last row
  --concurrency <n>   pages at once, a thread for each (default: half of the cores)
  --json              one line of JSON for machines
  --help              this text

Exit code: 0 when no fault remains; 1 when one does, or the command failed; 2 for a wrong command line.
`

interface Asked extends ExamineOptions {
  readonly json: boolean
}

interface Progress {
  readonly done: number
  readonly total: number
  readonly faults: number
}

/** Runs the command. */
export const run = (args: readonly string[]): Promise<void> =>
  runCommand(
    {
      name: 'doctor',
      usage: USAGE,
      read: readArguments,
      work: examineAt,
      words: wordsOf,
      isWell: ({ faults }) => faults === 0,
    },
    args,
  )

const examineAt = async (config: Config, { json, ...options }: Asked): Promise<ExamineReport> => {
  const line = progressLine(process.stderr, 'pages')
  const told = ({ done, total, faults }: Progress) => line.show(done, total, faults === 0 ? '' : `${faults} faults`)
  try {
    return await whereTheDataIs(config, options.concurrency + 1, {
      there: (service) => {
        if (!json) process.stderr.write(`A service (process ${service.pid}) has the data: it does the work.\n`)
        return askService<ExamineReport, Progress>(service, 'doctor', options, told)
      },
      here: ({ database, logger }) =>
        untilStopped('stopped before all pages were read', async (signal) => {
          const threads = new ThreadPool({ threads: options.concurrency })
          const parts = { database, threads, clock: systemClock, logger, counters: NO_COUNTERS, signal }
          try {
            return await examinePages(options, parts, told)
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
    options: { story: text, page: text, concurrency: text, repair: flag, json: flag, help: { ...flag, short: 'h' } },
  })
  if (values.help === true) return null
  if (values.page !== undefined && values.story === undefined) throw new UsageError('--page needs --story')
  const half = Math.max(1, availableParallelism() >> 1)
  return {
    story: values.story ?? null,
    page: values.page ?? null,
    repair: values.repair === true,
    concurrency: Math.floor(numberOf('concurrency', values.concurrency, 1) ?? half),
    json: values.json === true,
  }
}

const wordsOf = ({ pages, faults, mended, found, seconds }: ExamineReport): string => {
  const lines = found.flatMap(({ page, findings }) =>
    findings.map(({ level, what, mended: isMended }) => `  ${isMended ? 'mended' : level.padEnd(6)}  ${page}: ${what}`),
  )
  const sum = `${pages} pages in ${durationOf(seconds)}: ${faults} faults${mended > 0 ? `, ${mended} mended` : ''}.`
  const hint = faults > 0 && mended === 0 ? ['  --repair mends what is sure.'] : []
  return `${[sum, ...lines, ...hint].join('\n')}\n`
}
