/**
 * What the past of a large page costs: its state at random moments, who wrote it, and putting it back.
 * The page is 1 MB, written in 50,000 updates, folded as the service folds. Run: node dist/scripts/bench/past.js
 */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import type { Database } from '../../server/database/port.ts'
import { openPostgres } from '../../server/database/postgres.ts'
import { type Archive, openArchive } from '../../server/log/archive/archive.ts'
import { openLog } from '../../server/log/log.ts'
import type { Logger } from '../../server/ports.ts'
import { systemClock, systemRandom } from '../../server/system.ts'
import { ThreadPool } from '../../server/threads/pool.ts'
import { openDatabase } from './database.ts'
import { describeMachine } from './machine.ts'
import { releasing } from './releasing.ts'

const UPDATES = 50_000
const LETTERS = 20
const FOLD_EVERY = 2000
const ROOM = 'bench/page'
const SEED = 7
/** Nothing is made coarser while it is measured. */
const HISTORY = { fullDays: 7, hourlyDays: 30, days: null }

const silent = () => undefined
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }

const randomFrom = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const INSERT = `
  INSERT INTO scriptorium.update (room_id, seq, part, batch, author, at, data)
  SELECT $1, seq, 0, batch, author, clock_timestamp(), data
  FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[]) AS row (seq, batch, author, hex), decode(hex, 'hex') AS data`

/** Writes the page as two people would, row by row, and folds it on the way. */
const fill = async (database: Database, fold: () => Promise<unknown>): Promise<void> => {
  const fraction = randomFrom(SEED)
  const doc = new Y.Doc()
  const text = doc.getText('body')
  let written: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => written.push(update))
  await database.query(`INSERT INTO scriptorium.room (room_id, story, page) VALUES ($1, 'bench', 'page')`, [ROOM])
  let caret = 0
  for (let seq = 1; seq <= UPDATES; seq++) {
    if (fraction() < 0.05) caret = Math.floor(fraction() * text.length)
    const isRewriting = caret > LETTERS && fraction() < 0.05
    if (isRewriting) caret -= LETTERS
    doc.transact(() => {
      if (isRewriting) text.delete(caret, LETTERS)
      text.insert(caret, `${seq} `.padEnd(LETTERS, 'abc defg '))
    })
    caret += LETTERS
    if (seq % FOLD_EVERY !== 0) continue
    const seqs = written.map((_, index) => seq - written.length + 1 + index)
    await database.query(INSERT, [
      ROOM,
      seqs,
      written.map(() => randomUUID()),
      seqs.map((each) => (each % 3 === 0 ? 'ben' : 'ana')),
      written.map((update) => Buffer.from(update).toString('hex')),
    ])
    await database.query('UPDATE scriptorium.room SET seq = $2 WHERE room_id = $1', [ROOM, seq])
    written = []
    await fold()
  }
}

const times = async (count: number, work: () => Promise<unknown>): Promise<number[]> => {
  const taken: number[] = []
  for (let run = 0; run < count; run++) {
    const begun = performance.now()
    await work()
    taken.push(performance.now() - begun)
  }
  return taken.sort((one, other) => one - other)
}

const report = (what: string, taken: number[], most: number | null): void => {
  const at = (share: number) => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0
  const limit = most === null ? '' : `   must be under ${most} ms at p95: ${at(0.95) < most ? 'yes' : 'NO'}`
  const figures = [`p50 ${at(0.5).toFixed(0)}`, `p95 ${at(0.95).toFixed(0)}`, `most ${at(1).toFixed(0)} ms`]
  process.stdout.write(`${what.padEnd(38)}${figures.join('   ')}   (${taken.length})${limit}\n`)
  if (most !== null && at(0.95) >= most) process.exitCode = 1
}

/** @param forget takes back a restore, so that each begins with the page as it was written */
const measure = async (archive: Archive, forget: () => Promise<unknown>): Promise<void> => {
  const fraction = randomFrom(SEED + 1)
  const asked = { author: 'bench', once: null }
  const moment = () => ({ at: { seq: 1 + Math.floor(fraction() * UPDATES) } })
  const { data } = await archive.readPage(ROOM, { at: 'now' })
  process.stdout.write(`a page of ${(data.length / 1e6).toFixed(2)} MB after ${UPDATES} updates\n`)
  report('state at a moment, as an update', await times(100, () => archive.readPage(ROOM, moment())), 300)
  report('state at a moment, as JSON and text', await times(40, () => archive.renderPage(ROOM, moment(), {})), null)
  report('who wrote what stands now', await times(10, () => archive.authors(ROOM)), null)
  const day = { from: { seq: UPDATES - 5000 }, to: 'now' } as const
  report('difference over 5,000 updates', await times(10, () => archive.difference(ROOM, day)), null)
  const restores: number[] = []
  for (let run = 0; run < 20; run++) {
    restores.push(...(await times(1, () => archive.restorePage(ROOM, moment(), asked))))
    await forget()
  }
  report(
    'restore to a moment',
    restores.sort((one, other) => one - other),
    500,
  )
}

const main = async (): Promise<void> => {
  await releasing(async (releases) => {
    const { url, version } = await openDatabase(releases)
    const database = await openPostgres({ url, pool: 4, ca: null, logger })
    releases.push(() => database.close())
    await migrate(database)
    const threads = new ThreadPool({ threads: 1 })
    releases.push(() => threads.close())
    const parts = { database, threads, logger, clock: systemClock, random: systemRandom, counters: { count: silent } }
    const log = openLog({ ...parts, history: HISTORY, batchRooms: 1000, loadsAtOnce: 2 })
    releases.push(() => log.close())
    const machine = describeMachine()
    process.stdout.write(
      `${machine.cores} cores (${machine.processor}), Node ${machine.node}, PostgreSQL ${version}, seed ${SEED}\n`,
    )
    await fill(database, () => log.fold(ROOM))
    const told = async () => undefined
    const archive = openArchive({ database, threads, random: systemRandom, changed: told, ended: told })
    await measure(archive, async () => {
      await database.query('DELETE FROM scriptorium.update WHERE room_id = $1 AND seq > $2', [ROOM, UPDATES])
      await database.query('UPDATE scriptorium.room SET seq = $2, restore_seq = 0 WHERE room_id = $1', [ROOM, UPDATES])
    })
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
