/** What folding and compaction cost. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import pg from 'pg'
import * as Y from 'yjs'
import { migrate } from '../../../server/database/migrate.ts'
import { openPostgres } from '../../../server/database/postgres.ts'
import { compactPages } from '../../../server/log/compact.ts'
import { systemClock } from '../../../server/system.ts'
import { inThreads, ThreadPool } from '../../../server/threads/pool.ts'
import type { CompactReport } from '../../../shared/operators.ts'
import { openDatabase } from '../database.ts'
import { releasing } from '../releasing.ts'
import { longTyping, shortTyping } from './typing.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const silent = () => undefined
const logger = { debug: silent, info: silent, warn: silent, error: silent }
const history = { fullDays: 7, hourlyDays: 30, days: null }

const NEW_ROWS = 200
const FOLDS = 15
const PAGES = 240
const EDITS = 1500

/** Runs the suite. @returns 0, or 1 when a figure missed its mark */
export const run = async (): Promise<number> => {
  const marks = [await foldOfALongPage(), await compactionOfPages()]
  return marks.every(Boolean) ? 0 : 1
}

const mark = (what: string, value: number, most: number, unit: string): boolean => {
  const reached = value <= most
  say(`  ${reached ? ' ' : '!'} ${what.padEnd(58)}${value.toFixed(2).padStart(9)} ${unit} (at most ${most})`)
  return reached
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

const foldOfALongPage = async (): Promise<boolean> => {
  const { name, rows } = longTyping()
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const row of rows.slice(0, -NEW_ROWS)) Y.applyUpdate(doc, row)
  })
  const page = { base: Y.encodeStateAsUpdate(doc), rows: rows.slice(-NEW_ROWS) }
  doc.destroy()
  say(`\nFold of ${name}, ${rows.length} edits, ${NEW_ROWS} of them new, ${FOLDS} times in a thread`)
  const threads = new ThreadPool({ threads: 1 })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  try {
    await threads.run('squash', { base: null, rows: shortTyping(10, 1) })
    const times: number[] = []
    delay.enable()
    for (let fold = 0; fold < FOLDS; fold++) {
      const started = performance.now()
      await threads.run('squash', page)
      times.push(performance.now() - started)
    }
    delay.disable()
    return [
      mark('first fold', times[0] ?? 0, 450, 'ms'),
      mark('fold, the middle one', middle(times), 150, 'ms'),
      mark('event loop meanwhile, p99', delay.percentile(99) / 1e6, 20, 'ms'),
    ].every(Boolean)
  } finally {
    await threads.close()
  }
}

const cpuOf = async <T>(work: () => Promise<T> | T): Promise<{ cpu: number; wall: number; result: T }> => {
  const started = performance.now()
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { cpu: (user + system) / 1000, wall: performance.now() - started, result }
}

const compactionOfPages = async (): Promise<boolean> => {
  return releasing(async (releases) => {
    const { url } = await openDatabase(releases)
    const database = await openPostgres({ url, pool: 5, ca: null, logger })
    releases.push(() => database.close())
    await migrate(database)
    const pages = Array.from({ length: PAGES }, (_, n) => shortTyping(EDITS, n + 1))
    for (const story of ['warm', 'one', 'two']) await plant(url, story, pages)
    const compact = (story: string, concurrency: number): Promise<CompactReport> =>
      inThreads(concurrency, (threads) => {
        const choice = { story, page: null, olderThanDays: null, minRows: 1, dryRun: false, verify: false }
        const { signal } = new AbortController()
        const parts = { database, threads, clock: systemClock, logger, counters: { count: silent }, history, signal }
        return compactPages({ ...choice, concurrency, maxLoadMs: 10_000, picturesOlderThanDays: null }, parts)
      })
    await compact('warm', 1)
    bare(pages)
    const least = await cpuOf(() => bare(pages))
    const one = await cpuOf(() => compact('one', 1))
    const two = await cpuOf(() => compact('two', 2))
    say(`\nCompaction of ${PAGES} pages of ${EDITS} rows (a bare Y.Doc: ${least.cpu.toFixed(0)} ms of CPU)`)
    say(`    one thread ${one.wall.toFixed(0)} ms, two ${two.wall.toFixed(0)} ms`)
    const reached = mark('CPU, verification and database included, as a multiple', one.cpu / least.cpu, 2.2, '× ')
    say(
      `    cores busy with one thread ${(one.cpu / one.wall).toFixed(2)}, with two ${(two.cpu / two.wall).toFixed(2)}`,
    )
    return reached
  })
}

/** The least that can be done: each page applied to a bare document, row by row, and encoded. */
const bare = (pages: readonly (readonly Uint8Array[])[]): void => {
  for (const rows of pages) {
    const doc = new Y.Doc()
    for (const row of rows) Y.applyUpdate(doc, row)
    Y.encodeStateAsUpdate(doc)
    doc.destroy()
  }
}

const plant = async (url: string, story: string, pages: readonly (readonly Uint8Array[])[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const [index, rows] of pages.entries()) {
      const room = `${story}/${index}`
      await client.query('INSERT INTO scriptorium.room (room_id, story, page, seq) VALUES ($1, $2, $3, $4)', [
        ...[room, story, String(index), rows.length],
      ])
      await client.query(
        `INSERT INTO scriptorium.update (room_id, seq, part, batch, at, data)
         SELECT $1, n, 0, gen_random_uuid(), now(), decode(data, 'base64')
         FROM unnest($2::text[]) WITH ORDINALITY AS given (data, n)`,
        [room, rows.map((row) => Buffer.from(row).toString('base64'))],
      )
    }
  } finally {
    await client.end()
  }
}
