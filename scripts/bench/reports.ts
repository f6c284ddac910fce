/** Commands about reports that were written before: tables, charts and the model, of one or several together. */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { drawCharts } from './charts.ts'
import { modelOf } from './model.ts'
import { UsageError } from './options.ts'
import type { Report } from './results.ts'
import { tableOf } from './table.ts'

type Command = (report: Report, to: string) => string | Promise<string>

const COMMANDS: Readonly<Record<string, Command>> = {
  table: ({ scenarios }) => scenarios.map(tableOf).join('\n\n'),
  charts: async (report, to) => (await drawCharts(report, to)).join('\n'),
  model: modelOf,
}

/** Where the charts of a report go unless told otherwise. */
export const chartFolder = (file: string): string => file.replace(/\.json$/, '-charts')

/** Runs such a command. @returns what it has to say; null: it is none of them @throws UsageError */
export const aboutReports = async ([name = '', ...args]: readonly string[]): Promise<string | null> => {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined || args.includes('--help') || args.includes('-h')) return null
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { to: { type: 'string' } } })
    const reports = await Promise.all(positionals.map(read))
    const [first] = positionals
    if (first === undefined) throw new UsageError('needs at least one report, a JSON file')
    return await command(together(reports), values.to ?? chartFolder(first))
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`)
  }
}

/** A scenario of a later report takes the place of the same one of an earlier. */
const together = (reports: readonly Report[]): Report => {
  const [first] = reports
  if (first === undefined) throw new UsageError('no report')
  const scenarios = new Map(reports.flatMap((report) => report.scenarios.map((scenario) => [scenario.name, scenario])))
  return { ...first, scenarios: [...scenarios.values()] }
}

const read = async (file: string): Promise<Report> => {
  const report = JSON.parse(await readFile(file, 'utf8')) as Partial<Report>
  if (report.scenarios === undefined || report.machine === undefined) {
    throw new UsageError(`${file} is no report of the bench`)
  }
  return report as Report
}
