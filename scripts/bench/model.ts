/** What an edit, a delivery, a join, a connection, a room and a byte of a page cost: fitted, then checked. */
import { Matrix, solve } from 'ml-matrix'
import type { Report, ScenarioResult } from './results.ts'
import type { ModelPart } from './scenario.ts'

interface Part {
  readonly title: string
  /** The figure that is explained, and how it is shown. */
  readonly measured: string
  readonly unit: string
  readonly scale: number
  /** What explains it: how much of each, of a run's values. */
  readonly terms: readonly {
    readonly name: string
    readonly unit: string
    readonly scale: number
    amount(values: Values): number
  }[]
}

type Values = Readonly<Record<string, number | null>>

const value = (values: Values, key: string): number => values[key] ?? Number.NaN

const PARTS: Readonly<Record<ModelPart, Part>> = {
  typing: {
    title: 'CPU of typing',
    measured: 'serverMs',
    unit: 'CPU ms',
    scale: 1,
    terms: [
      { name: 'a second of work', unit: 'ms', scale: 1, amount: (values) => value(values, 'seconds') },
      { name: 'a commit', unit: 'µs', scale: 1000, amount: (values) => value(values, 'commits') },
      { name: 'an edit', unit: 'µs', scale: 1000, amount: (values) => value(values, 'edits') },
      {
        name: 'a delivery, of one edit or several',
        unit: 'µs',
        scale: 1000,
        amount: (values) => value(values, 'frames'),
      },
    ],
  },
  join: {
    title: 'CPU of joining',
    measured: 'serverMs',
    unit: 'CPU ms',
    scale: 1,
    terms: [
      { name: 'a join', unit: 'ms', scale: 1, amount: (values) => value(values, 'joins') },
      {
        name: 'a kB of its page',
        unit: 'µs',
        scale: 1e6,
        amount: (values) => value(values, 'joins') * value(values, 'pageBytes'),
      },
    ],
  },
  memory: {
    title: 'Live memory',
    measured: 'liveBytes',
    unit: 'MB',
    scale: 1e-6,
    terms: [
      { name: 'a connection', unit: 'bytes', scale: 1, amount: (values) => value(values, 'connections') },
      { name: 'a room', unit: 'bytes', scale: 1, amount: (values) => value(values, 'rooms') },
      {
        name: 'a byte of a page',
        unit: 'bytes',
        scale: 1,
        amount: (values) => value(values, 'rooms') * value(values, 'pageBytes'),
      },
    ],
  },
}

/** Fits each target's costs and sets the prediction beside each run. @throws Error when the report is not of the suite cost */
export const modelOf = (report: Report): string => {
  const scenarios = report.scenarios.filter(({ model }) => model !== undefined)
  if (scenarios.length === 0) throw new Error('this report has no runs for the model: npm run bench -- cost')
  const targets = [...new Set(scenarios.flatMap(({ targets: all }) => all.map(({ name }) => name)))]
  return targets
    .map((target) => {
      const parts = (Object.keys(PARTS) as ModelPart[]).map((part) => fitted(part, target, scenarios))
      return `${target}\n${parts.filter((text) => text !== '').join('\n')}`
    })
    .join('\n\n')
}

interface Run {
  readonly title: string
  readonly isCheck: boolean
  readonly amounts: readonly number[]
  readonly measured: number
}

const fitted = (name: ModelPart, target: string, scenarios: readonly ScenarioResult[]): string => {
  const part = PARTS[name]
  const runs = scenarios
    .filter(({ model }) => model?.part === name)
    .flatMap((scenario) => runsOf(part, target, scenario))
  const fitting = runs.filter(({ isCheck }) => !isCheck)
  if (fitting.length < part.terms.length) return ''
  // Each run counts alike, small or large: its error is taken as a share of what was measured.
  const rows = fitting.map(({ amounts, measured }) => amounts.map((amount) => amount / measured))
  const costs = costsOf(rows)
  const terms = part.terms.map(
    (term, index) => `${term.name} ${shown((costs[index] ?? Number.NaN) * term.scale)} ${term.unit}`,
  )
  const lines = runs.map(({ title, isCheck, amounts, measured }) => {
    const predicted = amounts.reduce((sum, amount, index) => sum + amount * (costs[index] ?? Number.NaN), 0)
    const off = `${(100 * (predicted / measured - 1)).toFixed(0)} %`
    const numbers = `measured ${shown(measured * part.scale)}, predicted ${shown(predicted * part.scale)} ${part.unit}`
    return `    ${isCheck ? 'CHECK  ' : 'fitted '} ${title}: ${numbers} (${off})`
  })
  return `  ${part.title}: ${terms.join(', ')}\n${lines.join('\n')}`
}

/** Least squares of which nothing is negative: the best of those that some of the terms give (they are few). */
const costsOf = (rows: readonly (readonly number[])[]): number[] => {
  const terms = (rows[0] ?? []).map((_, term) => term)
  let best = terms.map(() => 0)
  let least = rows.length
  for (let chosen = 1; chosen < 2 ** terms.length; chosen++) {
    const kept = terms.filter((term) => (chosen & (1 << term)) !== 0)
    const some = new Matrix(rows.map((row) => kept.map((term) => row[term] as number)))
    const found = solve(some, Matrix.columnVector(rows.map(() => 1)), true).to1DArray()
    if (found.some((cost) => !(cost >= 0))) continue
    const error = some
      .mmul(Matrix.columnVector(found))
      .to1DArray()
      .reduce((sum, predicted) => sum + (predicted - 1) ** 2, 0)
    if (error >= least) continue
    least = error
    best = terms.map((term) => found[kept.indexOf(term)] ?? 0)
  }
  return best
}

const runsOf = (part: Part, target: string, { title, model, targets }: ScenarioResult): Run[] =>
  (targets.find(({ name }) => name === target)?.runs ?? [])
    .map(({ values }) => ({
      title,
      isCheck: model?.isCheck === true,
      amounts: part.terms.map(({ amount }) => amount(values)),
      measured: value(values, part.measured),
    }))
    .filter(({ amounts, measured }) => measured > 0 && amounts.every((amount) => Number.isFinite(amount)))

const shown = (number: number): string => number.toPrecision(3).replace(/e\+?(-?\d+)$/, 'e$1')
