/** The bench: starts what it measures, measures it, prints tables and keeps the figures. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Releases } from '../../server/release.ts'
import { drawCharts } from './charts.ts'
import { canPin } from './cores.ts'
import { openDatabase } from './database.ts'
import { describeMachine } from './machine.ts'
import { measureScenario } from './measure.ts'
import { modelOf } from './model.ts'
import { type Options, readOptions, USAGE, UsageError } from './options.ts'
import { canMeasure } from './proc.ts'
import { aboutReports, chartFolder } from './reports.ts'
import { type Report, type ScenarioResult, writeReport } from './results.ts'
import type { Scenario } from './scenario.ts'
import { suites } from './suites.ts'
import { tableOf } from './table.ts'
import { findPeers } from './targets/peers.ts'
import { serviceTarget } from './targets/service.ts'
import type { Target } from './targets/target.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Runs the bench. @returns the exit code, set on the process too: 0, 1 when a run failed, 2 for a wrong command line */
export const run = async (args: readonly string[]): Promise<number> => {
  const code = await runOrExplain(args)
  process.exitCode = code
  return code
}

interface Program {
  /** What it can be asked for, beside help. */
  readonly options: readonly string[]
  run(args: readonly string[]): Promise<number>
}

/** The suites that are programs of their own. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  history: { options: [], run: async () => (await import('./history/main.ts')).run() },
  provider: { options: [], run: async () => (await import('./provider/main.ts')).run() },
  channel: { options: ['--quick'], run: async (args) => (await import('./channel/main.ts')).run(args) },
  access: { options: [], run: async () => (await import('./access/main.ts')).run() },
  cluster: { options: [], run: async () => (await import('./cluster/main.ts')).run() },
  web: { options: [], run: async () => (await import('./web/main.ts')).run() },
}

/** The program that is named, where its options are its own; null: it is none, or help is asked for. @throws UsageError */
const programOf = ([suite = '', ...args]: readonly string[]): (() => Promise<number>) | null => {
  const program = Object.hasOwn(PROGRAMS, suite) ? PROGRAMS[suite] : undefined
  if (program === undefined || args.some((arg) => arg === '--help' || arg === '-h')) return null
  const unknown = args.find((arg) => !program.options.includes(arg))
  if (unknown !== undefined) {
    const known = program.options.length === 0 ? 'no options' : `only ${program.options.join(', ')}`
    throw new UsageError(`the suite ${suite} takes ${known}, not '${unknown}'`)
  }
  return () => program.run(args)
}

const runOrExplain = async (args: readonly string[]): Promise<number> => {
  try {
    const program = programOf(args)
    if (program !== null) return await program()
    const said = await aboutReports(args)
    if (said !== null) {
      say(said)
      return 0
    }
    const options = readOptions(args)
    if (options === null) {
      process.stdout.write(USAGE)
      return 0
    }
    return await bench(options, chosen(options))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`bench: ${error.message}\n\n${USAGE}`)
    return 2
  }
}

const chosen = ({ suite, only }: Options): readonly Scenario[] => {
  const all = Object.hasOwn(suites, suite) ? suites[suite] : undefined
  if (all === undefined) throw new UsageError(`there is no suite '${suite}', only ${Object.keys(suites).join(', ')}`)
  if (only === null) return all
  return only.map((name) => {
    const found = all.find((scenario) => scenario.name === name)
    if (found === undefined) throw new UsageError(`there is no scenario '${name}' in ${suite}`)
    return found
  })
}

const bench = async (options: Options, scenarios: readonly Scenario[]): Promise<number> => {
  const releases = new Releases()
  const stopping = new AbortController()
  const stop = () => stopping.abort(new Error('stopped'))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // Whoever reads the tables may leave early (`| head`): what was started still has to be stopped.
  process.stdout.on('error', stop)
  try {
    return await measureAll(options, scenarios, releases, stopping.signal)
  } finally {
    await releases.run()
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    process.stdout.off('error', stop)
  }
}

const measureAll = async (
  options: Options,
  scenarios: readonly Scenario[],
  releases: Releases,
  signal: AbortSignal,
): Promise<number> => {
  const at = new Date().toISOString()
  const machine = describeMachine()
  const failures: string[] = []
  const gaveUp: string[] = []
  // A peer that cannot bear a scenario is a finding, no fault of this bench.
  const failed = (what: string, isPeer: boolean) => {
    const list = isPeer ? gaveUp : failures
    list.push(what)
    process.stderr.write(`FAILED ${what}\n`)
  }
  const { database, targets, leftOut } = await prepare(options, scenarios, releases)
  say(
    `${machine.cores} cores (${machine.processor}), ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, ${database}`,
  )
  say(`${options.warmupSeconds} s + ${options.seconds} s, ${options.runs} runs, seed ${options.seed}`)
  say(canPin ? 'The server has core 0, the load the others.' : 'Nothing is held to a core here.')
  if (!canMeasure) say('CPU and memory of other processes are measured on Linux only: left out here.')
  for (const line of leftOut) say(`Left out: ${line}`)
  const progress = (line: string) => void process.stderr.write(`… ${line}\n`)
  const found: ScenarioResult[] = []
  for (const scenario of scenarios) {
    const result = await measureScenario(scenario, { at, options, targets, failed, progress, signal })
    found.push(result)
    say(`\n${tableOf(result)}`)
  }
  const typed = [
    ...new Set(found.flatMap(({ targets }) => targets.flatMap(({ runs }) => runs.flatMap((run) => run.typed ?? [])))),
  ]
  const report: Report = {
    at,
    machine,
    database,
    options,
    scenarios: found,
    typed,
    leftOut: [...leftOut, ...gaveUp],
    failures,
  }
  say(`\nThe middle of ${options.runs} runs, least and most in brackets; '-': not measured, or there is no such thing.`)
  for (const what of gaveUp) say(`Not borne: ${what}`)
  for (const what of typed) say(`Typed: ${what}.`)
  const path = await writeReport(report)
  say(`Written to ${path}`)
  for (const chart of await drawCharts(report, chartFolder(path))) say(`Drawn: ${chart}`)
  if (scenarios.some(({ model }) => model !== undefined)) say(`\n${modelOf(report)}`)
  for (const failure of failures) process.stderr.write(`FAILED ${failure}\n`)
  return failures.length === 0 ? 0 : 1
}

interface Prepared {
  readonly database: string
  readonly targets: readonly Target[]
  readonly leftOut: readonly string[]
}

const prepare = async (options: Options, scenarios: readonly Scenario[], releases: Releases): Promise<Prepared> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'scriptorium-bench-data-'))
  releases.push(() => rm(dataDir, { recursive: true, force: true }))
  const database = options.pglite ? null : await openDatabase(releases)
  const isCompared = scenarios.some(({ needs }) => needs !== null)
  const peers = isCompared ? await findPeers(database, dataDir, options) : { targets: [], missing: [] }
  return {
    database: database === null ? 'PGlite' : `PostgreSQL ${database.version}`,
    targets: [serviceTarget({ database, dataDir, stock: options.stock }), ...peers.targets],
    leftOut: peers.missing,
  }
}
