/** Following a page's log: how far this process knows it, what others wrote, and when it is worth a fold. */
import type { Log } from '../log/port.ts'
import type { Logger } from '../ports.ts'
import type { Content } from './content.ts'
import type { Fresh } from './runs.ts'
import type { StateVector } from './state-vector.ts'

export interface FoldSettings {
  /** Rows in the tail from which a fold pays. */
  readonly foldRows: number
  /** Rows at which a fold is due however large the snapshot is. */
  readonly foldMaxRows: number
  /** Share of the snapshot's bytes that the tail must reach between the two. */
  readonly foldRatio: number
}

export interface FollowParts {
  readonly roomId: string
  readonly log: Log
  readonly logger: Logger
  readonly content: Content
  readonly settings: FoldSettings
  /** Whether the room has ended: nothing read after that counts. */
  readonly hasEnded: () => boolean
  /** Gets what another process wrote, and the clocks it advanced as they were. */
  readonly relay: { readonly before: StateVector; push(fresh: Fresh, from: null): void }
}

export class Follow {
  readonly #parts: FollowParts
  /** The highest seq known; nothing below it is unknown. */
  #seq: number
  #lastBatch: string | null
  #reading: Promise<'went-back' | 'gap' | 'current'> | null = null
  #folding = false

  constructor(parts: FollowParts, seq: number, lastBatch: string | null) {
    this.#parts = parts
    this.#seq = seq
    this.#lastBatch = lastBatch
  }

  get seq(): number {
    return this.#seq
  }

  /** Notes a batch of this process as committed. @returns whether others wrote before it what is not read yet */
  committed(batch: string, seq: number): boolean {
    if (seq > this.#seq + 1) return true
    if (seq === this.#seq + 1) this.#to(seq, batch)
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
    const { roomId, log, content, relay, hasEnded } = this.#parts
    // As they are now: a commit that is answered during the read moves both on.
    const known = this.#seq
    const knownBatch = this.#lastBatch
    const rows = await log.read(roomId, known)
    if (hasEnded()) return 'current'
    for (const batch of rows) {
      if (batch.seq === known && knownBatch !== null && batch.id !== knownBatch) return 'went-back'
      if (batch.seq <= this.#seq) continue
      if (!content.holds(batch.id)) {
        const fresh = content.takeLogged(batch, relay.before)
        if (fresh === 'gap') return 'gap'
        if (fresh !== 'known') relay.push(fresh, null)
      }
      this.#to(batch.seq, batch.id)
    }
    return 'current'
  }

  /** Folds in the background when the tail is long enough; a fold that fails leaves the rows as they are. */
  foldIfDue(): void {
    const { content, settings, roomId, logger, hasEnded } = this.#parts
    const { rows, share } = content.tail
    if (this.#folding || hasEnded() || rows < settings.foldRows) return
    if (share < settings.foldRatio && rows < settings.foldMaxRows) return
    this.#folding = true
    this.#fold()
      .catch((error: unknown) => logger.warn({ room: roomId, error: String(error) }, 'fold failed'))
      .finally(() => {
        this.#folding = false
      })
  }

  async #fold(): Promise<void> {
    const { log, roomId, content, hasEnded } = this.#parts
    const snapshot = await log.fold(roomId)
    // A snapshot may hold rows of other processes that are not read here yet; the fold after their reading takes it in.
    if (snapshot === null || hasEnded() || snapshot.seq > this.#seq) return
    content.hold(snapshot)
  }

  #to(seq: number, batch: string): void {
    this.#seq = seq
    this.#lastBatch = batch
  }
}
