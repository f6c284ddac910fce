/** Runs scenarios against targets, run after run, and gathers the figures. */
import { readFile } from 'node:fs/promises'
import type { Options } from './options.ts'
import { topSelfTimes } from './profile.ts'
import { resultPath, type ScenarioResult, type TargetResult } from './results.ts'
import { type Column, type Figures, runOnce, type Scenario } from './scenario.ts'
import { spreadOf } from './statistics.ts'
import { isMeasuredIn, type Target } from './targets/target.ts'

export interface Measuring {
  readonly at: string
  readonly options: Options
  readonly targets: readonly Target[]
  /** Told of a run that went wrong; the others go on. */
  readonly failed: (what: string, isPeer: boolean) => void
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

/** All runs of one scenario. The targets take turns, so that a machine that slows down slows all of them. */
export const measureScenario = async (scenario: Scenario, measuring: Measuring): Promise<ScenarioResult> => {
  const targets = measuring.targets.filter(
    (target) => !target.isPeer || (scenario.needs !== null && isMeasuredIn(target, scenario.name, scenario.needs)),
  )
  const runs = new Map<Target, Figures[]>(targets.map((target) => [target, []]))
  for (let run = 1; run <= measuring.options.runs; run++) {
    for (const target of targets) {
      measuring.signal.throwIfAborted()
      const figures = await attempt(scenario, target, run, measuring)
      if (figures !== null) runs.get(target)?.push(figures)
    }
  }
  const columns = measuring.options.quick ? scenario.columns.map(withoutGoal) : scenario.columns
  const keys = columns.map((column) => column.key)
  return {
    name: scenario.name,
    title: scenario.title,
    ...(scenario.model === undefined ? {} : { model: scenario.model }),
    columns,
    targets: targets.map((target) => targetResult(target, runs.get(target) ?? [], keys)),
  }
}

const attempt = async (
  scenario: Scenario,
  target: Target,
  run: number,
  { at, options, failed, progress }: Measuring,
): Promise<Figures | null> => {
  const label = `${scenario.name}, ${target.name}, run ${run} of ${options.runs}`
  progress(label)
  const wanted = options.profile && !target.isPeer
  const profilePath = wanted ? await resultPath(at, `${scenario.name}-${run}`, '.cpuprofile') : null
  try {
    const figures = await runOnce(scenario, { target, options, prefix: `bench/${scenario.name}-${run}`, profilePath })
    if (profilePath !== null) {
      progress(`${profilePath}\n${topSelfTimes(await readFile(profilePath, 'utf8'))}`)
    }
    return figures
  } catch (error) {
    failed(`${label}: ${error instanceof Error ? error.message : error}`, target.isPeer)
    return null
  }
}

const targetResult = (target: Target, runs: readonly Figures[], keys: readonly string[]): TargetResult => ({
  name: target.name,
  isPeer: target.isPeer,
  runs,
  curves: runs.at(-1)?.curves ?? {},
  spreads: Object.fromEntries(keys.map((key) => [key, spreadOf(runs.map(({ values }) => values[key] ?? null))])),
})

/** What is to be reached is said of the full size. */
const withoutGoal = ({ key, title, unit }: Column): Column => ({ key, title, unit })
