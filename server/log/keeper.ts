/**
 * Looks after the history of pages whose time has come, a few at a time. One timer, armed by folds and by the start of
 * the process: where nobody writes nothing runs. Several processes share the pages: each is claimed.
 */
import type { Clock, Counters, Logger } from '../ports.ts'
import type { HistoryParts } from './coarsen.ts'
import { CLAIM, DUE } from './history-statements.ts'
import { tendHistory } from './tend.ts'

export interface KeeperParts extends Omit<HistoryParts, 'signal'> {
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
}

const ROUND_MS = 60_000
const PAGES_IN_A_ROUND = 20

export class Keeper {
  readonly #parts: KeeperParts
  readonly #closing = new AbortController()
  #cancel: (() => void) | null = null
  #round: Promise<void> | null = null
  #wanted = false

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** Says that there is, or soon will be, something to look after. */
  wake(): void {
    this.#wanted = true
    if (this.#cancel !== null || this.#round !== null || this.#closing.signal.aborted) return
    this.#cancel = this.#parts.clock.after(ROUND_MS, () => {
      this.#cancel = null
      this.#wanted = false
      this.#round = this.#tendDue().finally(() => {
        this.#round = null
        if (this.#wanted) this.wake()
      })
    })
  }

  /** Gives up what it is at. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#cancel?.()
    await this.#round
  }

  async #tendDue(): Promise<void> {
    const { database, logger } = this.#parts
    try {
      const due = await database.query<{ room_id: string }>(DUE, [PAGES_IN_A_ROUND])
      if (due.length === PAGES_IN_A_ROUND) this.#wanted = true
      for (const { room_id } of due) {
        const claimed = await database.query(CLAIM, [room_id])
        if (claimed.length > 0) await this.#tend(room_id)
      }
    } catch (error) {
      logger.debug({ error: String(error) }, 'the history was not looked after; the next round does it')
    }
  }

  async #tend(roomId: string): Promise<void> {
    const { signal } = this.#closing
    const { counters, logger } = this.#parts
    signal.throwIfAborted()
    try {
      const { joined, dropped } = await tendHistory(roomId, { ...this.#parts, signal })
      counters.count('history_rows_joined', joined.rows)
      counters.count('history_rows_dropped', dropped.rows)
    } catch (error) {
      // The claim ends in an hour; until then the other pages have their turn.
      logger.warn({ room: roomId, error: String(error) }, 'the history of a page was not looked after')
    }
  }
}
