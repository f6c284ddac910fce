/** Commands about a report that was written before: its charts drawn again, its model fitted again. */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { drawCharts } from './charts.ts'
import { modelOf } from './model.ts'
import { UsageError } from './options.ts'
import type { Report } from './results.ts'

type Command = (file: string, to: string | undefined) => Promise<string>

const COMMANDS: Readonly<Record<string, Command>> = {
  charts: async (file, to) => (await drawCharts(await read(file), to ?? chartFolder(file))).join('\n'),
  model: async (file) => modelOf(await read(file)),
}

/** Where the charts of a report go unless told otherwise. */
export const chartFolder = (file: string): string => file.replace(/\.json$/, '-charts')

/** Runs such a command. @returns what it has to say; null: it is none of them @throws UsageError */
export const aboutReport = async ([name = '', ...args]: readonly string[]): Promise<string | null> => {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return null
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { to: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    const [file, ...rest] = positionals
    if (values.help === true) return null
    if (file === undefined || rest.length > 0) throw new UsageError(`${name} needs one report, a JSON file`)
    return await command(file, values.to)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${name}: ${(error as Error).message}`)
  }
}

const read = async (file: string): Promise<Report> => {
  const report = JSON.parse(await readFile(file, 'utf8')) as Partial<Report>
  if (report.scenarios === undefined || report.machine === undefined)
    throw new UsageError(`${file} is no report of the bench`)
  return report as Report
}
