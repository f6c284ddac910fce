/** Following a page's log: how far this process knows it, what others wrote, and when it is worth a fold. */
import type { LoadedRoom, Log } from '../log/port.ts'
import { Pace } from '../pace.ts'
import type { Clock, Logger } from '../ports.ts'
import type { Content } from './content.ts'
import type { Fresh } from './runs.ts'
import type { Before } from './state-vector.ts'

export interface FoldSettings {
  /** Rows in the tail from which a fold pays. */
  readonly foldRows: number
  /** Bytes in the tail from which a fold pays. */
  readonly foldBytes: number
  /** Rows at which a fold is due however large the snapshot is. */
  readonly foldMaxRows: number
  /** Share of the snapshot's bytes that the tail must reach between the two. */
  readonly foldRatio: number
}

export interface FollowParts {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: FoldSettings
  /** That of all pages of the process: see `paceOfFolds`. */
  readonly foldPace: Pace
}

/** The room that follows. */
export interface Following {
  readonly roomId: string
  /** Nothing that is read after its end counts. */
  readonly isEnded: boolean
  /** Rows were set aside: what the room holds is out of date. */
  end(why: 'replaced'): void
}

/** Gets what another process wrote, and the clocks it advanced as they were. */
interface Heard {
  readonly before: Before
  push(fresh: Fresh, from: null): void
}

const FOLDS_OF_PAGE = { share: 0.02, longestMs: 60_000 }
const FOLDS_OF_ALL = { share: 0.1, longestMs: 60_000 }

/**
 * The pace of the folds of all pages together: many pages that are written at once would take a core between them.
 * @param workers processes that share the pages, and the time
 */
export const paceOfFolds = (clock: Clock, workers = 1): Pace => {
  const { share, longestMs } = FOLDS_OF_ALL
  return new Pace(clock, { share: share / workers, longestMs })
}

export class Follow {
  readonly #room: Following
  readonly #content: Content
  readonly #relay: Heard
  readonly #parts: FollowParts
  /** The highest seq known; nothing below it is unknown. */
  #seq: number
  /** When the row of that seq was written. */
  #at: number
  #reading: Promise<'went-back' | 'gap' | 'current'> | null = null
  #folding = false
  /** A fold reads and writes the whole page, so a page that is written fast is folded by its cost, not by its rows. */
  #madeFoldPace: Pace | null = null
  readonly #epoch: number
  /** Rows that the tail must have before the next fold: one that failed is not tried again at once. */
  #foldFrom = 0

  constructor(
    room: Following,
    content: Content,
    relay: Heard,
    parts: FollowParts,
    { seq, at, epoch }: Pick<LoadedRoom, 'seq' | 'at' | 'epoch'>,
  ) {
    this.#room = room
    this.#content = content
    this.#relay = relay
    this.#parts = parts
    this.#seq = seq
    this.#at = at
    this.#epoch = epoch
  }

  get seq(): number {
    return this.#seq
  }

  get at(): number {
    return this.#at
  }

  /** Notes a batch of this process as committed. @returns whether others wrote before it what is not read yet */
  committed(seq: number, at: number): boolean {
    if (seq > this.#seq + 1) return true
    if (seq === this.#seq + 1) this.#to(seq, at)
    return false
  }

  /**
   * Takes in what others wrote above the known seq; one read at a time.
   * @returns `went-back` where the known row is another one now, `gap` where a row does not join on
   * @throws DatabaseError
   */
  async readOn(): Promise<'went-back' | 'gap' | 'current'> {
    while (this.#reading !== null) await this.#reading
    this.#reading = this.#read().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #read(): Promise<'went-back' | 'gap' | 'current'> {
    const content = this.#content
    const relay = this.#relay
    // As they are now: a commit that is answered during the read moves both on.
    const known = this.#seq
    const knownAt = this.#at
    const rows = await this.#parts.log.read(this.#room.roomId, known)
    if (this.#room.isEnded) return 'current'
    for (const batch of rows) {
      if (batch.seq === known && batch.at !== knownAt) return 'went-back'
      if (batch.seq <= this.#seq) continue
      // What lay between may have been dropped from the history: only a fresh load has it.
      if (batch.firstSeq > this.#seq + 1) return 'gap'
      if (!content.holds(batch.id)) {
        const fresh = content.takeLogged(batch, relay.before)
        if (fresh === 'gap') return 'gap'
        if (fresh !== 'known') relay.push(fresh, null)
      }
      this.#to(batch.seq, batch.at)
    }
    return 'current'
  }

  /** Folds in the background when the tail is long enough; a fold that fails leaves the rows as they are. */
  foldIfDue(): void {
    const { settings } = this.#parts
    const { rows, bytes, share } = this.#content.tail
    if (rows < this.#foldFrom || (rows < settings.foldRows && bytes < settings.foldBytes)) return
    if (rows >= settings.foldMaxRows || (share >= settings.foldRatio && this.#isFoldsTurn)) this.#foldLater(rows)
  }

  /** Folds what a room that closes leaves behind, where that is a fair share of the page. */
  foldAtEnd(): void {
    const { settings } = this.#parts
    const { rows, share } = this.#content.tail
    if (rows >= this.#foldFrom && (rows >= settings.foldRows || share >= settings.foldRatio)) this.#foldLater(rows)
  }

  /** Folds at once, however little there is; not beside a fold that is under way. @throws DatabaseError */
  async foldNow(): Promise<void> {
    if (this.#folding) return
    this.#folding = true
    try {
      await this.#fold()
    } finally {
      this.#folding = false
    }
  }

  #foldLater(rows: number): void {
    const { logger, settings } = this.#parts
    if (this.#folding || this.#room.isEnded || rows === 0) return
    this.#folding = true
    const paces = [this.#ownFoldPace, this.#parts.foldPace]
    for (const pace of paces) pace.begin()
    this.#fold()
      .catch((error: unknown) => {
        this.#foldFrom = rows + settings.foldRows
        logger.warn({ room: this.#room.roomId, error: String(error) }, 'fold failed')
        return false
      })
      .then((isHeld) => {
        this.#folding = false
        for (const pace of paces) pace.end()
        // For what came meanwhile, after which nothing may come for long.
        if (isHeld) this.foldIfDue()
      })
  }

  /** @returns whether the room holds the snapshot in place of rows */
  async #fold(): Promise<boolean> {
    const snapshot = await this.#parts.log.fold(this.#room.roomId)
    if (snapshot === null || this.#room.isEnded) return false
    if (snapshot.epoch !== this.#epoch) {
      this.#room.end('replaced')
      return false
    }
    this.#foldFrom = 0
    // A snapshot may hold rows of other processes that are not read here yet; the fold after their reading takes it in.
    if (snapshot.seq > this.#seq) return false
    this.#content.hold(snapshot)
    return true
  }

  get #isFoldsTurn(): boolean {
    return this.#parts.foldPace.waitMs <= 0 && this.#ownFoldPace.waitMs <= 0
  }

  get #ownFoldPace(): Pace {
    this.#madeFoldPace ??= new Pace(this.#parts.clock, FOLDS_OF_PAGE)
    return this.#madeFoldPace
  }

  #to(seq: number, at: number): void {
    this.#seq = seq
    this.#at = at
  }
}
