/**
 * Changes of rights, on all processes. Whoever makes one writes it, acts on it here, and answers once the other processes
 * have read it too: no write passes after the answer. Between processes there is only the database, which is asked often.
 * Each notes there how far it has read; one that finds another note than its own knows that the database went back in time.
 */
import type { Query } from '../database/port.ts'
import type { Clock, Logger } from '../ports.ts'
import type { Standing } from './standing.ts'
import {
  bringBack,
  type Change,
  countBehind,
  dropBehind,
  forgetReader,
  type NewChange,
  noteSeen,
  readChanges,
  readOn,
  writeChange,
} from './store.ts'

export interface ChangesParts {
  readonly database: Query
  readonly standing: Standing
  readonly clock: Clock
  readonly logger: Logger
  /** A name of this process, unique. */
  readonly process: string
  /** How often the database is asked, in ms; 0: this process is the only one. */
  readonly pollMs: number
  /** Whether no other process is there to change anything. */
  readonly isAlone: () => boolean
  /** Acts on changes; resolves when none of those they bar can write any more. */
  readonly act: (changes: readonly Change[]) => Promise<void>
  /** Told that another process, or this one, asks something. */
  readonly rung: () => Promise<void>
}

const LOOK_MS = 40
/** Processes that have not read a change after this long are taken for dead. */
const PATIENCE_MS = 950

export class Changes {
  readonly #parts: ChangesParts
  /** Null: nothing is looked for, because nobody else is there. */
  #stopPoll: (() => void) | null = null
  /** How far this process has noted that it has read. */
  #noted = 0
  #closed = false
  #reading: Promise<void> = Promise.resolve()

  constructor(parts: ChangesParts) {
    this.#parts = parts
  }

  /** Reads all that was changed before, and goes on reading. @throws DatabaseError */
  async open(): Promise<void> {
    const { database, standing, pollMs } = this.#parts
    for (const change of await readChanges(database, 0)) standing.apply(change)
    if (pollMs === 0) return
    await this.#note()
    this.#pollLater()
  }

  /**
   * Makes a change.
   * @returns how many processes did not say in time that they know of it
   * @throws DatabaseError when it could not be written: nothing has changed then
   */
  async make(change: NewChange): Promise<{ readonly silent: number }> {
    const { database, standing, clock, pollMs } = this.#parts
    const end = clock.now() + PATIENCE_MS
    const { id } = await writeChange(database, change)
    await this.#read()
    if (standing.lastId < id) throw new Error('a change of rights was written and is not found')
    if (pollMs === 0) return { silent: 0 }
    for (;;) {
      const silent = await countBehind(database, id)
      if (silent === 0) return { silent }
      if (clock.now() + LOOK_MS > end) {
        await dropBehind(database, id)
        return { silent }
      }
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))
    }
  }

  /** Has every process be told that there is a question. @throws DatabaseError */
  async ring(): Promise<void> {
    const { database } = this.#parts
    await writeChange(database, { kind: 'ask', subject: '', story: '', page: '', value: '', reason: null })
    await this.#read()
  }

  /** Another process has come: from now on it is looked for what it changes. */
  resume(): void {
    if (this.#closed || this.#stopPoll !== null || this.#parts.pollMs === 0) return
    this.#pollLater()
  }

  /** Reads no more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopPoll?.()
    await this.#reading
    const { database, process, pollMs, logger } = this.#parts
    if (pollMs === 0) return
    await forgetReader(database, process).catch((error: unknown) =>
      logger.debug({ error: String(error) }, 'the database is away; this process will be taken for dead'),
    )
  }

  /** One reading at a time, so that they act in order. */
  #read(): Promise<void> {
    const next = this.#reading.then(() => this.#readOn())
    this.#reading = next.catch(() => undefined)
    return next
  }

  async #readOn(): Promise<void> {
    const { database, standing, process, pollMs, act, rung } = this.#parts
    const { seen, changes } = await readOn(database, process, standing.lastId)
    if (pollMs > 0 && seen !== this.#noted) return this.#beginAgain()
    const fresh = changes.filter((change) => standing.apply(change))
    if (fresh.length === 0) return
    const rights = fresh.filter(({ kind }) => kind !== 'ask')
    if (rights.length > 0) await act(rights)
    if (rights.length < fresh.length) await rung()
    if (pollMs > 0) await this.#note()
  }

  /**
   * The database went back in time, or this process was taken for dead. What was answered stays so: what is known here
   * and lost there is written again.
   */
  async #beginAgain(): Promise<void> {
    const { database, standing, act, rung } = this.#parts
    for (const change of standing.lackedBy(await readChanges(database, 0))) await bringBack(database, change)
    const fresh = standing.restart(await readChanges(database, 0))
    if (fresh.length > 0) await act(fresh)
    await rung()
    await this.#note()
  }

  async #note(): Promise<void> {
    const { database, standing, process } = this.#parts
    const id = standing.lastId
    await noteSeen(database, process, id)
    this.#noted = id
  }

  #pollLater(): void {
    const { clock, pollMs, logger, isAlone } = this.#parts
    if (isAlone()) {
      this.#stopPoll = null
      return
    }
    this.#stopPoll = clock.after(pollMs, () => {
      this.#read()
        .catch((error: unknown) => logger.debug({ error: String(error) }, 'rights were not read; tried again soon'))
        .finally(() => {
          if (!this.#closed) this.#pollLater()
        })
    })
  }
}
