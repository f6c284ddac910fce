/** Every scenario of the bench in small: it runs, nothing is lost, and its figures are there. Whether they are good, no test says. */
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Report } from '../../scripts/bench/results.ts'
import { leaveOut } from '../support/left-out.ts'
import { isFull } from '../support/size.ts'
import type { FoundPostgres } from '../support/stores.ts'

const COMMAND = fileURLToPath(new URL('../../scripts/scriptorium.js', import.meta.url))
const FULL_MS = 300_000
const ALL = ['s1', 's1-500', 's2', 's2-max', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's9-echo', 's10']
const SOME = ['s4', 's7']

const postgres = (): string => {
  const [first] = JSON.parse(process.env.SCRIPTORIUM_TEST_POSTGRES ?? '[]') as FoundPostgres[]
  if (first === undefined) throw new Error('this run has no PostgreSQL')
  return first.url
}

/** Runs the bench. @returns what it printed @throws Error when its exit code is not 0 */
const bench = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, BENCH_DATABASE_URL: postgres() }
    execFile(process.execPath, [COMMAND, 'bench', ...args], { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
    })
  })

/** Runs scenarios and reads their report. */
const reportOf = async (...args: string[]): Promise<{ report: Report; printed: string; path: string }> => {
  const printed = await bench('--quick', '--no-peers', ...args)
  const path = /^Written to (.+)$/m.exec(printed)?.[1] ?? ''
  onTestFinished(async () => {
    await rm(path, { force: true })
    await rm(path.replace(/\.json$/, '-charts'), { recursive: true, force: true })
  })
  return { report: JSON.parse(await readFile(path, 'utf8')) as Report, printed, path }
}

/** Figures that no run of this kind can be without: all whose value is not of the database or of a kind it lacks. */
const figuresOf = (report: Report, name: string): Record<string, number> => {
  const [target] = report.scenarios.find((scenario) => scenario.name === name)?.targets ?? []
  const entries = Object.entries(target?.spreads ?? {}).flatMap(([key, spread]) =>
    spread === null ? [] : [[key, spread.median] as const],
  )
  return Object.fromEntries(entries)
}

describe('the bench in small', () => {
  it('runs scenarios, reads everything back and fills the table', { timeout: FULL_MS }, async () => {
    const names = isFull ? ALL : SOME
    if (!isFull) leaveOut(`bench scenarios ${ALL.filter((name) => !SOME.includes(name)).join(', ')}: npm run test:full`)
    const { report, printed, path } = await reportOf('wire', '--only', names.join(','))
    expect(report.failures).toEqual([])
    expect(report.scenarios.map(({ name }) => name)).toEqual(names)
    for (const { name, title, columns } of report.scenarios) {
      const figures = figuresOf(report, name)
      expect(printed).toContain(title)
      expect(Object.values(figures).every(Number.isFinite)).toBe(true)
      // Without a /proc there is no CPU and no memory; the rest is measured anywhere.
      const measured = process.platform === 'linux' ? columns.filter(({ key }) => key !== 'databaseCpu') : []
      expect(Object.keys(figures), name).toEqual(expect.arrayContaining(measured.map(({ key }) => key)))
    }
    expect(await bench('charts', path)).toContain('.svg')
  })

  it('times edits from one process to another over each channel', { timeout: FULL_MS }, async () => {
    if (!isFull) return leaveOut('the bench of edits between processes: npm run test:full')
    // Whether they were quick enough, no test says.
    const printed = await bench('channel', '--quick').catch((error: Error) => error.message)
    for (const channel of ['postgres', 'memory']) expect(printed).toMatch(new RegExp(`${channel} +p50 +[\\d.]+ ms`))
  })

  it('refuses a scenario that there is not, by name', async () => {
    await expect(bench('wire', '--only', 's99')).rejects.toThrow("there is no scenario 's99' in wire")
  })

  it('explains a suite of its own, and refuses options that it does not take', async () => {
    expect(await bench('cluster', '--help')).toContain('Usage:')
    await expect(bench('cluster', '--runs', '1')).rejects.toThrow("the suite cluster takes no options, not '--runs'")
  })

  it('fits the cost model from a report and says how far its check is off', { timeout: FULL_MS }, async () => {
    if (!isFull) return leaveOut('the cost model from measured runs: npm run test:full')
    const { path } = await reportOf('cost')
    const model = await bench('model', path)
    expect(model).toContain('a delivery')
    expect(model).toContain('CHECK')
  })
})
