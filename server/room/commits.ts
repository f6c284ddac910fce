/**
 * What a room has taken in, and what of that is committed. A mark counts what was taken in; what is committed is a mark
 * too, so an acknowledgement is a comparison.
 */
import type { Appending, Batch, Log, Outcome } from '../log/port.ts'
import type { Clock, Logger, Random, Timings } from '../ports.ts'
import type { Content } from './content.ts'
import type { Ending } from './ending.ts'
import type { Follow } from './follow.ts'

export interface CommitsParts {
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly timings: Timings
  readonly elsewhere: { committed(roomId: string, seq: number): void }
  /** Told how many bytes more (or fewer) wait for their commit. */
  readonly unsaved: (delta: number) => void
}

/** The room that commits. */
export interface Committing {
  readonly roomId: string
  readonly epoch: number
  readonly isEnded: boolean
  /** More is committed than before. */
  settleAll(): void
  /** Others have written before. @throws DatabaseError */
  catchUp(): Promise<void>
  end(why: Ending): void
}

interface InFlight {
  readonly id: string
  readonly mark: number
  /** When the first of it was taken in. */
  readonly since: number
}

export class Commits implements Appending {
  readonly #room: Committing
  readonly #parts: CommitsParts
  readonly #content: Content
  readonly #follow: Follow
  #exists: boolean
  /** Updates taken in, of them those that batches hold, and those that batches of this process have committed. */
  #taken = 0
  #cut = 0
  #written = 0
  /** Bytes that were told to wait for their commit. */
  #toldUnsaved = 0
  #inFlight: InFlight | null = null
  /** When the first of what gathers was taken in. */
  #gatheringSince = 0

  /** @param exists whether the room has a row */
  constructor(room: Committing, exists: boolean, content: Content, follow: Follow, parts: CommitsParts) {
    this.#room = room
    this.#exists = exists
    this.#content = content
    this.#follow = follow
    this.#parts = parts
  }

  get roomId(): string {
    return this.#room.roomId
  }

  get epoch(): number {
    return this.#room.epoch
  }

  get seq(): number {
    return this.#follow.seq
  }

  get at(): number {
    return this.#follow.at
  }

  get exists(): boolean {
    return this.#exists
  }

  get gathered(): number {
    return this.#taken - this.#cut
  }

  /** What was taken in last. */
  get mark(): number {
    return this.#taken
  }

  /** Everything that was taken in up to this mark is committed, as far as is known. */
  get committed(): number {
    const isQuiet = this.#inFlight === null && !this.#content.isGathering
    return Math.min(isQuiet ? this.#taken : this.#written, this.#content.firstHeard - 1)
  }

  get isSaved(): boolean {
    return this.#taken === this.committed
  }

  /** Tells how much more or less waits for its commit since it was told last. */
  tellUnsaved(): void {
    const { unsavedBytes } = this.#content
    this.#parts.unsaved(unsavedBytes - this.#toldUnsaved)
    this.#toldUnsaved = unsavedBytes
  }

  /** Something was taken in. @param isFirst whether nothing gathered before it */
  took(isFirst: boolean): void {
    if (isFirst) this.#gatheringSince = this.#parts.clock.elapsed()
    this.#taken++
  }

  /** Asks for a statement, where something gathers and none is under way. */
  appendIfDue(): void {
    if (this.#content.isGathering && this.#inFlight === null) this.#parts.log.append(this)
  }

  /** Has what was heard written here, where it has not come from the log for long. */
  writeOverdue(): void {
    if (this.#inFlight !== null) return
    if (this.#content.isHeardOverdue(this.#parts.clock.now())) this.#parts.log.append(this)
  }

  take(): Batch | null {
    const isOverdue = this.#content.isHeardOverdue(this.#parts.clock.now())
    if ((!this.#content.isGathering && !isOverdue) || this.#room.isEnded) return null
    const id = this.#parts.random.uuid()
    const parts = this.#content.cut(id, isOverdue)
    this.tellUnsaved()
    this.#cut = this.#taken
    this.#inFlight = { id, mark: this.#taken, since: this.#gatheringSince }
    return { id, parts }
  }

  settle(outcome: Outcome): void {
    const batch = this.#inFlight
    this.#inFlight = null
    if (batch === null || this.#room.isEnded) return
    switch (outcome.kind) {
      case 'committed':
        return this.#onCommitted(batch, outcome.seq, outcome.at)
      case 'went-back':
        return this.#room.end('went-back')
      case 'fenced':
        return this.#room.end(outcome.deleted ? 'deleted' : 'replaced')
      case 'failed':
        this.#parts.logger.error({ room: this.roomId, reason: outcome.reason }, 'a batch cannot be stored')
        return this.#room.end('unstorable')
      default:
        outcome satisfies never
    }
  }

  /** The room has ended: nothing of it waits any more. */
  end(): void {
    this.#parts.unsaved(-this.#toldUnsaved)
    this.#toldUnsaved = 0
  }

  #onCommitted({ id, mark, since }: InFlight, seq: number, at: number): void {
    const { clock, elsewhere, logger, timings } = this.#parts
    timings.took('commit', clock.elapsed() - since)
    this.#exists = true
    this.#content.commit(id, seq)
    this.tellUnsaved()
    this.#written = mark
    elsewhere.committed(this.roomId, seq)
    if (this.#follow.committed(seq, at)) {
      this.#room.catchUp().catch((error: unknown) => {
        logger.warn({ room: this.roomId, error: String(error) }, 'others’ rows were not read; the poll tries again')
      })
    }
    this.#room.settleAll()
    this.appendIfDue()
    this.#follow.foldIfDue()
  }
}
