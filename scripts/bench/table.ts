/** Results as a person reads them: a table for each scenario, a row for each figure, the target beside it. */

import type { ScenarioResult, TargetResult } from './results.ts'
import type { Column } from './scenario.ts'
import type { Spread } from './statistics.ts'

const NOTHING = '-'

/** The table of one scenario, with a line for each figure and a column for each target that was measured. */
export const tableOf = ({ title, columns, targets }: ScenarioResult): string => {
  const head = ['', ...targets.map(({ name }) => name), 'to reach']
  const rows = columns.map((column) => [
    `${column.title}, ${column.unit}`,
    ...targets.map(({ spreads, isPeer }) => cell(column, spreads[column.key] ?? null, isPeer)),
    goal(column),
  ])
  const notes = targets
    .filter(isLoadBound)
    .map(({ name }) => `\n  ${name}: the load itself had no core left; a faster one might show more`)
  return `${title}\n${aligned([head, ...rows])}${notes.join('')}`
}

const LOAD_BOUND = 85

const isLoadBound = ({ spreads }: TargetResult): boolean => (spreads.loadCpu?.median ?? 0) > LOAD_BOUND

/** Whether a median misses what is to be reached. */
const misses = (column: Column, spread: Spread | null): boolean =>
  spread !== null &&
  ((column.most !== undefined && spread.median > column.most) ||
    (column.least !== undefined && spread.median < column.least))

const cell = (column: Column, spread: Spread | null, isPeer: boolean): string => {
  if (spread === null) return NOTHING
  const range = spread.least === spread.most ? '' : ` (${shown(spread.least)} to ${shown(spread.most)})`
  return `${shown(spread.median)}${range}${isPeer ? '' : verdict(column, spread)}`
}

const verdict = (column: Column, spread: Spread): string => {
  if (column.most === undefined && column.least === undefined) return ''
  return misses(column, spread) ? ' MISSED' : ' met'
}

const goal = ({ most, least }: Column): string => {
  if (most !== undefined) return `≤ ${shown(most)}`
  return least === undefined ? '' : `≥ ${shown(least)}`
}

const shown = (value: number): string => {
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2).replace(/\.0+$/, '')
}

const aligned = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) => row.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ')
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n')
}
