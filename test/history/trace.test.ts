/** A page grown by real typing: how small it becomes, and that every moment of it can be read. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { migrate } from '../../server/database/migrate.ts'
import { foldRoom } from '../../server/log/fold.ts'
import { tendHistory } from '../../server/log/tend.ts'
import { leaveOut } from '../support/left-out.ts'
import { clock, counting, history, openDatabase, openThreads, quiet } from '../support/open-database.ts'
import { seededRandom } from '../support/random.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres } from '../support/stores.ts'
import { generatedTrace, haveTraces, sequentialTrace, sha256, typeInto } from '../support/traces.ts'
import { keptRows, ROOM, stateAt } from './page.ts'
import { plantPages } from './pages.ts'

const SHARE = 20_000
const MOMENTS = isFull ? 100 : 25
/** Rows between folds, as a busy page has them. */
const FOLDED_ROWS = 5000
/** It was written from 90 to 10 days ago; a share of it at the same pace. */
const [FIRST_DAY, LAST_DAY] = isFull ? [90, 10] : [41, 35]

/** One update for each edit. */
const typedEdits = (): Uint8Array[] => {
  const trace = haveTraces ? sequentialTrace('automerge-paper') : generatedTrace()
  const transactions = isFull ? trace.transactions : trace.transactions.slice(0, SHARE)
  const doc = new Y.Doc()
  const rows: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => rows.push(update))
  for (const patches of transactions) doc.transact(() => typeInto(doc.getText('text'), patches))
  if (isFull) expect(sha256(doc.getText('text').toString())).toBe(trace.endHash)
  return rows
}

/** The text after each of `seqs`, which rise. */
const replayed = (rows: readonly Uint8Array[], seqs: readonly number[]): string[] => {
  const doc = new Y.Doc()
  let done = 0
  return seqs.map((seq) => {
    doc.transact(() => {
      for (; done < seq; done++) Y.applyUpdate(doc, rows[done] as Uint8Array)
    })
    return sha256(doc.getText('text').toString())
  })
}

if (!isFull) leaveOut(`history of a real page: the first ${SHARE} edits of automerge-paper; all by npm run test:full`)

describe('a page grown by real typing', () => {
  it('is small, with all its history, and reads at every moment as it was', { timeout: 900_000 }, async () => {
    const random = seededRandom()
    const rows = typedEdits()
    const store = await anyPostgres().open()
    const database = await openDatabase(store.env)
    await migrate(database)
    const threads = openThreads()
    const { signal } = new AbortController()
    const parts = { database, threads, signal, settings: history, clock, logger: quiet, counters: counting() }
    const seconds = ((FIRST_DAY - LAST_DAY) * 86_400) / rows.length
    for (let from = 0; from < rows.length; from += FOLDED_ROWS) {
      await plantPages(store, new Map([[ROOM, rows.slice(from, from + FOLDED_ROWS)]]), FIRST_DAY, seconds)
      await foldRoom(ROOM, parts)
    }
    const moments = Array.from({ length: MOMENTS }, () => 1 + random.below(rows.length)).sort((a, b) => a - b)
    const texts = replayed(rows, moments)
    for (const [index, seq] of moments.entries()) {
      expect(sha256((await stateAt(database, seq)).getText('text').toString()), `row ${seq}`).toBe(texts[index])
    }
    const gced = new Y.Doc()
    gced.transact(() => {
      for (const row of rows) Y.applyUpdate(gced, row)
    })
    const least = Y.encodeStateAsUpdate(gced).length
    const [snapshot] = await database.query<{ bytes: number }>(
      `SELECT octet_length(data) AS bytes FROM scriptorium.snapshot JOIN scriptorium.room USING (room_id)
       WHERE snapshot.seq = room.snapshot_seq`,
    )
    expect(snapshot?.bytes).toBeLessThanOrEqual(1.05 * least)
    await tendHistory(ROOM, parts)
    const kept = await keptRows(database)
    const ends = kept.map(({ seq }) => seq)
    const chosen = Array.from({ length: MOMENTS }, () => random.pick(ends)).sort((a, b) => a - b)
    for (const [index, text] of replayed(rows, chosen).entries()) {
      const seq = chosen[index] as number
      expect(sha256((await stateAt(database, seq)).getText('text').toString()), `window to ${seq}`).toBe(text)
    }
    const [size] = await database.query<{ bytes: number }>(
      `SELECT (SELECT sum(pg_column_size(u.*)) FROM scriptorium.update u)
            + (SELECT sum(pg_column_size(s.*)) FROM scriptorium.snapshot s) AS bytes`,
    )
    const times = Number(size?.bytes) / least
    process.stdout.write(
      `${rows.length} edits: ${least} bytes gc'ed, ${kept.length} rows of history, all kept ${size?.bytes} bytes (${times.toFixed(2)} times)\n`,
    )
    expect(times).toBeLessThanOrEqual(3)
  })
})
