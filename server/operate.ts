/** The long work that a service does for operators: what the commands do, on the database that it holds. */
import type { Jobs } from './figures/jobs.ts'
import { partOf, type Work } from './http/work.ts'
import { compactPages } from './log/compact.ts'
import type { CompactParts } from './log/compact-page.ts'
import { examinePages } from './log/examine.ts'
import { withOriginals } from './log/windows.ts'
import { inThreads } from './threads/pool.ts'

export type OperateParts = Omit<CompactParts, 'threads' | 'signal'>

/** Follows work, so that whoever watches sees how it goes on. */
export const followed = (work: Work, jobs: Jobs): Work =>
  Object.fromEntries(
    Object.entries(work).map(([name, run]) => [
      name,
      (body, told, signal) => {
        const tell = (say: (progress: unknown) => void) => (progress: unknown) => {
          told(progress)
          say(progress)
        }
        const asked = partOf(body as Readonly<Record<string, unknown>>)
        return jobs.follow(name, asked, (say) => run(body, tell(say), signal)).report
      },
    ]),
  )

const MOST_THREADS = 64

/** @returns what can be asked for; each works in threads of its own, so that pages in use do not wait for it */
export const operations = (parts: OperateParts): Work => ({
  compact: async (body, told, signal) => {
    const { keepOriginalsDays, ...options } = compactOptions(body)
    const history = withOriginals(parts.history, keepOriginalsDays)
    return inThreads(options.concurrency, (threads) =>
      compactPages(options, { ...parts, history, threads, signal }, told),
    )
  },
  doctor: async (body, told, signal) => {
    const options = examineOptions(body)
    return inThreads(options.concurrency, (threads) => examinePages(options, { ...parts, threads, signal }, told))
  },
})

const compactOptions = (body: unknown) => {
  const { text, number, flag } = readersOf(body)
  return {
    story: text('story'),
    page: text('page'),
    olderThanDays: number('olderThanDays', 0),
    minRows: number('minRows', 0) ?? 1,
    dryRun: flag('dryRun'),
    concurrency: Math.min(Math.floor(number('concurrency', 1) ?? 1), MOST_THREADS),
    maxLoadMs: number('maxLoadMs', 1) ?? 100,
    keepOriginalsDays: number('keepOriginalsDays', 0),
    verify: flag('verify'),
    picturesOlderThanDays: number('picturesOlderThanDays', 0),
  }
}

const examineOptions = (body: unknown) => {
  const { text, number, flag } = readersOf(body)
  return {
    story: text('story'),
    page: text('page'),
    repair: flag('repair'),
    concurrency: Math.min(Math.floor(number('concurrency', 1) ?? 1), MOST_THREADS),
  }
}

/** Readers of the members of a body, which may be anything. */
const readersOf = (body: unknown) => {
  if (typeof body !== 'object' || body === null) throw new Error('the body must be an object')
  const given = body as Readonly<Record<string, unknown>>
  const wrong = (name: string, words: string) => new Error(`${name} must be ${words}`)
  return {
    text: (name: string): string | null => {
      const value = given[name] ?? null
      if (value !== null && typeof value !== 'string') throw wrong(name, 'text')
      return value
    },
    number: (name: string, least: number): number | null => {
      const value = given[name] ?? null
      if (value === null) return null
      if (typeof value !== 'number' || !(value >= least)) throw wrong(name, `a number from ${least} on`)
      return value
    },
    flag: (name: string): boolean => {
      const value = given[name] ?? false
      if (typeof value !== 'boolean') throw wrong(name, 'true or false')
      return value
    },
  }
}
