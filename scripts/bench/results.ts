/** What a bench found, as it is kept in bench-results/. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Percentiles } from './load/histogram.ts'
import type { Machine } from './machine.ts'
import type { Options } from './options.ts'
import { results } from './paths.ts'
import type { Column, Figures, Scenario } from './scenario.ts'
import type { Spread } from './statistics.ts'

export interface TargetResult {
  readonly name: string
  readonly isPeer: boolean
  readonly runs: readonly Figures[]
  /** Distributions of the last run, by name. */
  readonly curves: Readonly<Record<string, Percentiles | null>>
  readonly spreads: Readonly<Record<string, Spread | null>>
}

export interface ScenarioResult {
  readonly name: string
  readonly title: string
  readonly columns: readonly Column[]
  readonly model?: Scenario['model']
  readonly targets: readonly TargetResult[]
}

export interface Report {
  readonly at: string
  readonly machine: Machine
  /** What the service wrote to. */
  readonly database: string
  readonly options: Options
  readonly scenarios: readonly ScenarioResult[]
  /** What was typed. */
  readonly typed: readonly string[]
  /** Peers and figures that could not be had, by name. */
  readonly leftOut: readonly string[]
  /** What was lost, refused or read back differently. */
  readonly failures: readonly string[]
}

/** Path of a new file for this bench in bench-results/. @param ending with its dot */
export const resultPath = async (at: string, what: string, ending: string): Promise<string> => {
  await mkdir(results, { recursive: true })
  return join(results, `${at.replace(/[:.]/g, '-')}-${what}${ending}`)
}

/** Writes the report as JSON. @returns where */
export const writeReport = async (report: Report): Promise<string> => {
  const path = await resultPath(report.at, report.options.suite, '.json')
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`)
  return path
}
