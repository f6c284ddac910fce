/**
 * What is to be said to other processes: gathered while a message is under way, so that load makes messages fuller and not
 * more numerous. Of a bell and of one client's presence only the latest counts; what does not fit is left to the poll.
 */
import type { Part } from '../log/port.ts'
import type { Clock, Counters } from '../ports.ts'
import { type AwarenessEntry, awarenessUpdate } from '../room/awareness-update.ts'
import { Letters } from './letters.ts'
import { type Entry, encodeEntry } from './message.ts'
import type { Channel } from './port.ts'

export interface OutboxParts {
  readonly nodeId: string
  readonly channel: Channel
  readonly clock: Clock
  readonly counters: Counters
  /** The processes that hold a page too. */
  peersOf(roomId: string): Iterable<string>
}

const PRESENCE_MS = 100
/** Messages at once; presence beyond them waits for the next round. */
const LETTERS_AT_ONCE = 200
/** Updates that wait past this are dropped: the log has them. */
const MAX_UPDATE_BYTES = 4 * 1024 * 1024
const MAX_DIRECT = 100_000
/** Presence of several clients goes in one entry up to this size. */
const PIECE_BYTES = 2000

export class Outbox {
  readonly #parts: OutboxParts
  readonly #bells = new Map<string, number>()
  readonly #presence = new Map<string, Map<number, AwarenessEntry>>()
  readonly #direct: { readonly to: string; readonly entry: Entry }[] = []
  #updates: Extract<Entry, { kind: 'update' }>[] = []
  #updateBytes = 0
  #isDue = false
  #isSending = false
  #sending: Promise<void> = Promise.resolve()
  #presenceAt = Number.NEGATIVE_INFINITY
  #cancelPresence: (() => void) | null = null

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** A page has been committed up to `seq`. */
  bell(roomId: string, seq: number): void {
    if ((this.#bells.get(roomId) ?? 0) < seq) this.#bells.set(roomId, seq)
    this.#flushLater()
  }

  /** What was written on a page and may not be committed yet. */
  update(roomId: string, epoch: number, parts: readonly Part[]): void {
    const bytes = parts.reduce((sum, { data }) => sum + data.length, 0)
    if (this.#updateBytes + bytes > MAX_UPDATE_BYTES) return this.#parts.counters.count('channel_dropped')
    this.#updateBytes += bytes
    this.#updates.push({ kind: 'update', roomId, epoch, parts })
    this.#flushLater()
  }

  /** Who is on a page, as far as it has changed. */
  presence(roomId: string, entries: readonly AwarenessEntry[]): void {
    const waiting = this.#presence.get(roomId) ?? new Map<number, AwarenessEntry>()
    this.#presence.set(roomId, waiting)
    for (const { id, clock, state } of entries) waiting.set(id, { id, clock, state })
    this.#presenceLater()
  }

  /** Who is on a page, for one process alone. */
  tellPresence(to: string, roomId: string, entries: readonly AwarenessEntry[]): void {
    for (const update of inPieces(entries)) this.tell(to, { kind: 'presence', roomId, update })
  }

  /** Something for one process alone. */
  tell(to: string, entry: Entry): void {
    if (this.#direct.length >= MAX_DIRECT) return this.#parts.counters.count('channel_dropped')
    this.#direct.push({ to, entry })
    this.#flushLater()
  }

  /** Sends what waits, and nothing any more. */
  async close(): Promise<void> {
    this.#cancelPresence?.()
    await this.#sending
    if (this.#parts.channel.isUp) await this.#send()
  }

  #flushLater(): void {
    if (this.#isDue || this.#isSending) return
    this.#isDue = true
    this.#parts.clock.turn(() => {
      this.#isDue = false
      if (!this.#isSending) this.#sending = this.#flush()
    })
  }

  async #flush(): Promise<void> {
    // Who hears again asks for all of it.
    if (!this.#parts.channel.isUp) return this.#clear()
    this.#isSending = true
    try {
      await this.#send()
    } finally {
      this.#isSending = false
    }
    if (this.#direct.length + this.#updates.length + this.#bells.size > 0) this.#flushLater()
    if (this.#presence.size > 0) this.#presenceLater()
  }

  #presenceLater(): void {
    if (this.#isPresenceDue) return this.#flushLater()
    const wait = this.#presenceAt + PRESENCE_MS - this.#parts.clock.elapsed()
    this.#cancelPresence ??= this.#parts.clock.after(wait, () => {
      this.#cancelPresence = null
      this.#flushLater()
    })
  }

  get #isPresenceDue(): boolean {
    return this.#presence.size > 0 && this.#parts.clock.elapsed() - this.#presenceAt >= PRESENCE_MS
  }

  async #send(): Promise<void> {
    const { nodeId, channel, counters } = this.#parts
    const letters = new Letters(nodeId, channel.maxBytes)
    for (const { to, entry } of this.#direct.splice(0)) this.#add(letters, entry, [to])
    for (const update of this.#updates) this.#addForAll(letters, update)
    this.#updates = []
    this.#updateBytes = 0
    // Behind the updates that they are about.
    for (const [roomId, seq] of this.#bells) this.#addForAll(letters, { kind: 'bell', roomId, seq })
    this.#bells.clear()
    if (this.#isPresenceDue) this.#addPresence(letters)
    const sealed = letters.take()
    if (sealed.length > 0) counters.count('channel_sent', await channel.send(sealed))
  }

  #addPresence(letters: Letters): void {
    this.#presenceAt = this.#parts.clock.elapsed()
    for (const [roomId, waiting] of this.#presence) {
      if (letters.count >= LETTERS_AT_ONCE) return
      this.#presence.delete(roomId)
      for (const update of inPieces(waiting.values())) this.#addForAll(letters, { kind: 'presence', roomId, update })
    }
  }

  #addForAll(letters: Letters, entry: Entry): void {
    this.#add(letters, entry, this.#parts.peersOf(entry.roomId))
  }

  #add(letters: Letters, entry: Entry, to: Iterable<string>): void {
    let bytes: Uint8Array | null = null
    for (const peer of to) {
      bytes ??= encodeEntry(entry)
      if (!letters.holds(bytes.length)) return this.#parts.counters.count('channel_dropped')
      letters.add(peer, bytes)
    }
  }

  #clear(): void {
    this.#bells.clear()
    this.#presence.clear()
    this.#direct.length = 0
    this.#updates = []
    this.#updateBytes = 0
  }
}

/** Awareness updates of a bounded size; a client whose state is larger has one for itself. */
function* inPieces(entries: Iterable<AwarenessEntry>): Generator<Uint8Array> {
  let piece: AwarenessEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    const size = entry.state?.length ?? 0
    if (piece.length > 0 && bytes + size > PIECE_BYTES) {
      yield awarenessUpdate(piece)
      piece = []
      bytes = 0
    }
    piece.push(entry)
    bytes += size
  }
  if (piece.length > 0) yield awarenessUpdate(piece)
}
