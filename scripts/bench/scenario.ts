/** What a scenario is, and what a run of it gives. */
import type { Options } from './options.ts'
import type { Target } from './targets/target.ts'

/** A figure of the table. */
export interface Column {
  readonly key: string
  readonly title: string
  readonly unit: string
  /** The value that must be stayed below, or reached (`least`); none: only shown. */
  readonly most?: number
  readonly least?: number
}

/** The figures of one run by column key; null: not measured here, or the target has no such thing. */
export type Figures = Readonly<Record<string, number | null>>

export interface RunContext {
  readonly target: Target
  readonly options: Options
  /** Unlike that of any other run against the same database. */
  readonly prefix: string
  /** Where a CPU profile of this run goes; null: none is wanted. */
  readonly profilePath: string | null
}

export interface Scenario {
  readonly name: string
  readonly title: string
  /** Whether peers are measured too. */
  readonly withPeers: boolean
  columns(options: Options): readonly Column[]
  /** One run against a target started for it. @throws Error when anything was lost, refused or read back differently */
  run(context: RunContext): Promise<Figures>
}
