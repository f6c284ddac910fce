/** `scriptorium doctor`: reads pages, says what is wrong with them, mends what is sure. */
import { parseArgs } from 'node:util'
import type { Config } from '../server/config.ts'
import { type ExamineOptions, type ExamineReport, examinePages } from '../server/log/examine.ts'
import { counted } from '../shared/counted.ts'
import { pageOptions, workOnPages } from './page-work.ts'
import { durationOf } from './progress.ts'
import { runCommand } from './run-command.ts'

const USAGE = `Usage: scriptorium doctor [options]

Reads every page, or some, and says what is wrong: that it does not load, that its snapshot, its rows and its history
do not agree, that rows are missing or belong to no page, that it refers to what is not there; and what is worth
knowing: very large pages, pages of which most was deleted, pages of the app that its editor cannot show, rows that were
set aside. It lowers its own priority (nice 10), so that a service on this machine keeps its pace.

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

const examineAt = (config: Config, { json, ...options }: Asked): Promise<ExamineReport> =>
  workOnPages<ExamineReport, Progress>(config, {
    name: 'doctor',
    order: options,
    concurrency: options.concurrency,
    json,
    stopped: 'stopped before all pages were read',
    show: (line, { done, total, faults }) => line.show(done, total, faults === 0 ? '' : counted(faults, 'fault')),
    work: (parts, told) => examinePages(options, parts, told),
  })

const readArguments = (args: readonly string[]): Asked | null => {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { story: text, page: text, concurrency: text, repair: flag, json: flag, help: { ...flag, short: 'h' } },
  })
  if (values.help === true) return null
  return { ...pageOptions(values), repair: values.repair === true, json: values.json === true }
}

const wordsOf = ({ pages, faults, mended, found, seconds }: ExamineReport): string => {
  const lines = found.flatMap(({ page, findings }) =>
    findings.map(({ level, what, mended: isMended }) => `  ${isMended ? 'mended' : level.padEnd(6)}  ${page}: ${what}`),
  )
  const sum = `${counted(pages, 'page')} in ${durationOf(seconds)}: ${counted(faults, 'fault')}${mended > 0 ? `, ${mended} mended` : ''}.`
  const hint = faults > 0 && mended === 0 ? ['  --repair mends what is sure.'] : []
  return `${[sum, ...lines, ...hint].join('\n')}\n`
}
