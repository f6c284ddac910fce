/** What a scenario is, and what a run of it gives. */
import { Releases } from '../../server/release.ts'
import type { Percentiles } from './load/histogram.ts'
import type { Options } from './options.ts'
import type { Ability, Target } from './targets/target.ts'

/** A figure of the table. */
export interface Column {
  readonly key: string
  readonly title: string
  readonly unit: string
  /** What must not be passed, or be reached (`least`); none: only shown. */
  readonly most?: number
  readonly least?: number
}

/** The figures of one run by column key and others; null: not measured here, or the target has no such thing. */
export interface Figures {
  readonly values: Readonly<Record<string, number | null>>
  /** Distributions for the charts, by name. */
  readonly curves?: Readonly<Record<string, Percentiles | null>>
  /** What was typed. */
  readonly typed?: string
}

export interface RunContext {
  readonly target: Target
  readonly options: Options
  /** Unlike that of any other run against the same database. */
  readonly prefix: string
  /** Where a CPU profile of this run goes; null: none is wanted. */
  readonly profilePath: string | null
}

/** What the model says something about. */
export type ModelPart = 'typing' | 'join' | 'memory'

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What a target must be able to do to be measured here; null: only the service is measured. */
  readonly needs: Ability | null
  readonly columns: readonly Column[]
  /** Of which part of the model it is, and whether it checks the model instead of making it. */
  readonly model?: { readonly part: ModelPart; readonly isCheck: boolean }
  /** One run against a target started for it. @throws Error when anything was lost, refused or read back differently */
  run(context: RunContext, releases: Releases): Promise<Figures>
}

/** Runs a scenario once and releases what it took. @throws what the run throws */
export const runOnce = async (scenario: Scenario, context: RunContext): Promise<Figures> => {
  const releases = new Releases()
  try {
    return await scenario.run(context, releases)
  } finally {
    await releases.run()
  }
}
