/**
 * Group commit: one statement appends the batches of many rooms. At most two statements are in flight and a room is in at
 * most one of them; what arrives meanwhile gathers in the rooms, so batches grow with the load by themselves.
 */
import { type Database, DatabaseError } from '../database/port.ts'
import type { Clock, Counters, Logger, Random } from '../ports.ts'
import { readHeads } from './load.ts'
import type { Appending, Outcome } from './port.ts'
import type { Reach } from './reach.ts'
import { StatementPace } from './statement-pace.ts'
import { WRITTEN } from './statements.ts'
import { type Item, type Row, writeBatch, writeBatches } from './write-batches.ts'

export interface AppenderParts {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  readonly reach: Reach
  /** Rooms in one statement at most; 1: each statement names its room, as a distributed PostgreSQL wants it. */
  readonly batchRooms: number
  /** Workers of one service that write beside each other, this one too; none given: it is alone. */
  readonly workers?: number
}

const IN_FLIGHT = 2
/** Timers come to the millisecond: a statement that would be due within it begins. */
const EARLY_MS = 1
const STATEMENT_BYTES = 8_000_000
const FIRST_WAIT_MS = 20
const LONGEST_WAIT_MS = 1000
/** A statement that fails for a reason of its own is tried so often before the blame falls on its last room. */
const ATTEMPTS = 3
/** Serialisation failure and deadlock: nothing was written, and the same statement may succeed. */
const RETRIED = new Set(['40001', '40P01'])
const UNIQUE_VIOLATION = '23505'

export class Appender {
  readonly #parts: AppenderParts
  /** Rooms that have something to write, and how many updates. */
  readonly #waiting = new Map<Appending, number>()
  #updates = 0
  readonly #busy = new Set<Appending>()
  readonly #idle = new Set<() => void>()
  readonly #wakers = new Set<() => void>()
  readonly #pace: StatementPace
  #statements = 0
  /** When it is looked next whether a statement may begin. */
  #pumpAt = Number.POSITIVE_INFINITY
  #closed = false

  constructor(parts: AppenderParts) {
    this.#parts = parts
    this.#pace = new StatementPace(parts.clock, parts.workers ?? 1)
  }

  /** Says that `room` has something to write. */
  append(room: Appending): void {
    if (this.#closed) return
    const { gathered } = room
    this.#updates += gathered - (this.#waiting.get(room) ?? 0)
    this.#waiting.set(room, gathered)
    this.#pumpLater()
  }

  /** Resolves when nothing waits and nothing is in flight. */
  drain(): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise((resolve) => this.#idle.add(resolve))
  }

  /** Gives up what is being retried, waits for the statements in flight. */
  async close(): Promise<void> {
    this.#closed = true
    this.#waiting.clear()
    this.#updates = 0
    for (const wake of [...this.#wakers]) wake()
    await this.drain()
  }

  get #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#statements === 0
  }

  #pumpLater(): void {
    const { clock } = this.#parts
    const wait = this.#pace.waitMs(this.#waiting.size, this.#updates)
    const at = clock.elapsed() + Math.max(0, wait)
    if (at > this.#pumpAt - EARLY_MS) return
    this.#pumpAt = at
    const pump = () => {
      this.#pumpAt = Number.POSITIVE_INFINITY
      this.#pump()
    }
    // Without a wait: rooms whose turns end together share a statement.
    if (wait > EARLY_MS) clock.after(wait, pump)
    else clock.turn(pump)
  }

  #pump(): void {
    while (this.#statements < IN_FLIGHT) {
      const waiting = this.#waiting.size
      if (waiting > 0 && waiting < this.#parts.batchRooms && this.#pace.waitMs(waiting, this.#updates) > EARLY_MS) {
        this.#pumpLater()
        break
      }
      const items = this.#gather()
      if (items.length === 0) break
      this.#start(items)
    }
    if (!this.#isIdle) return
    for (const resolve of this.#idle) resolve()
    this.#idle.clear()
  }

  #start(items: readonly Item[]): void {
    this.#statements++
    for (const { room } of items) this.#busy.add(room)
    this.#pace.begin()
    this.#write(items)
      .catch((error: unknown) => this.#parts.logger.error({ error: String(error) }, 'settling a batch failed'))
      .finally(() => {
        this.#statements--
        this.#pump()
      })
  }

  #gather(): Item[] {
    const items: Item[] = []
    let bytes = 0
    for (const [room, gathered] of this.#waiting) {
      if (this.#busy.has(room)) continue
      if (items.length >= this.#parts.batchRooms || bytes >= STATEMENT_BYTES) break
      this.#waiting.delete(room)
      this.#updates -= gathered
      const batch = room.take()
      if (batch === null) continue
      items.push({ room, batch, known: room.seq, knownAt: room.at })
      for (const part of batch.parts) bytes += part.data.length
    }
    return items
  }

  /** Writes the items, whatever it takes; each is settled exactly once. */
  async #write(items: readonly Item[]): Promise<void> {
    let rest = items
    let attempts = 0
    let wait = FIRST_WAIT_MS
    let uncertain = false
    while (rest.length > 0) {
      if (this.#closed && (attempts > 0 || uncertain))
        return this.#fail(rest, 'the service closed while the database was away')
      try {
        if (uncertain) rest = await this.#settleWritten(rest)
        uncertain = false
        if (rest.length === 0) return
        const written = await this.#parts.reach.note(() => this.#statement(rest))
        await this.#settleAll(rest, written)
        return
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        this.#parts.counters.count('append_retries')
        uncertain ||= error.lost || error.code === UNIQUE_VIOLATION
        if (!error.lost && error.code !== UNIQUE_VIOLATION && !RETRIED.has(error.code ?? '')) {
          attempts++
          this.#parts.logger.warn({ code: error.code, error: error.message, rooms: rest.length }, 'append failed')
          if (rest.length > 1) return this.#halve(rest)
          if (attempts >= ATTEMPTS) return this.#fail(rest, error.message)
        }
        await this.#pause(wait * (0.5 + this.#parts.random.fraction()))
        wait = Math.min(wait * 2, LONGEST_WAIT_MS)
      }
    }
  }

  /** A statement that keeps failing is halved until the failing room is alone. */
  async #halve(items: readonly Item[]): Promise<void> {
    const middle = Math.ceil(items.length / 2)
    await this.#write(items.slice(0, middle))
    await this.#write(items.slice(middle))
  }

  #statement(items: readonly Item[]): Promise<Map<string, Row>> {
    const { database } = this.#parts
    const [item] = items
    return items.length === 1 && item !== undefined ? writeBatch(database, item) : writeBatches(database, items)
  }

  /** After a lost answer: settles what was written all the same. @returns the rest */
  async #settleWritten(items: readonly Item[]): Promise<Item[]> {
    const { database, reach } = this.#parts
    const asked = [items.map(({ room }) => room.roomId), items.map(({ batch }) => batch.id)]
    const rows = await reach.note(() => database.query<Row & { room_id: string }>(WRITTEN, asked))
    const written = new Map(rows.map((row) => [row.room_id, row]))
    for (const item of items) {
      const row = written.get(item.room.roomId)
      if (row !== undefined) this.#settle(item, { kind: 'committed', seq: row.seq, at: row.at })
    }
    return items.filter(({ room }) => !written.has(room.roomId))
  }

  async #settleAll(items: readonly Item[], written: ReadonlyMap<string, Row>): Promise<void> {
    const refused: Item[] = []
    for (const item of items) {
      const row = written.get(item.room.roomId)
      if (row === undefined) refused.push(item)
      else this.#settle(item, { kind: 'committed', seq: row.seq, at: row.at })
    }
    if (refused.length > 0) await this.#settleRefused(refused)
  }

  /** Rooms that gave no row were not written: says why. */
  async #settleRefused(items: readonly Item[]): Promise<void> {
    const heads = await readHeads(
      this.#parts.database,
      items.map(({ room }) => room.roomId),
    ).catch((error: unknown) => {
      if (error instanceof DatabaseError) return null
      throw error
    })
    for (const item of items) {
      const head = heads?.get(item.room.roomId)
      const fenced = head !== undefined && (head.deleted || head.epoch !== item.room.epoch)
      this.#settle(item, fenced ? { kind: 'fenced', deleted: head.deleted } : { kind: 'went-back' })
    }
  }

  #fail(items: readonly Item[], reason: string): void {
    for (const item of items) this.#settle(item, { kind: 'failed', reason })
  }

  #settle({ room }: Item, outcome: Outcome): void {
    this.#busy.delete(room)
    if (outcome.kind === 'committed') this.#parts.counters.count('batches_committed')
    room.settle(outcome)
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        cancel()
        this.#wakers.delete(wake)
        resolve()
      }
      const cancel = this.#parts.clock.after(ms, wake)
      this.#wakers.add(wake)
    })
  }
}
