/**
 * What processes that hold the same page tell each other: that it was committed up to some seq, what was written (where the
 * channel is fast), and who is here. All of it may be lost; what was committed is found by the poll, and who is here is
 * asked again whenever the channel comes back.
 */
import type { Part } from '../log/port.ts'
import type { Clock, Counters, Logger } from '../ports.ts'
import type { AwarenessEntry } from '../room/awareness-update.ts'
import type { Elsewhere, Hearing } from '../room/elsewhere.ts'
import type { HeldElsewhere, Holders } from './holders.ts'
import { Holding } from './holding.ts'
import { type Entry, readMessage, UnknownMessage } from './message.ts'
import { Outbox } from './outbox.ts'
import type { Channel, ChannelParts } from './port.ts'

export interface ExchangeParts {
  readonly nodeId: string
  readonly holders: Holders
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
  /** Makes the channel, which is opened when it is needed. */
  readonly channel: (events: Pick<ChannelParts, 'heard' | 'up' | 'down'>) => Channel
  /** The rooms of this process. */
  readonly hearing: () => Hearing
  /** Whether no other process served from this database when last looked. */
  isAlone(): boolean
}

export class Exchange implements Elsewhere {
  readonly #parts: ExchangeParts
  readonly #channel: Channel
  readonly #outbox: Outbox
  readonly #holding: Holding
  /** Null: it has not been tried yet. */
  #wasUp: boolean | null = null
  #closed = false

  constructor(parts: ExchangeParts) {
    const { nodeId, holders, clock, logger, counters, isAlone } = parts
    this.#parts = parts
    this.#channel = parts.channel({
      heard: (message) => this.#heard(message),
      up: () => this.#up(),
      down: (reason) => this.#down(reason),
    })
    this.#holding = new Holding({
      holders,
      clock,
      logger,
      isAlone,
      met: (peer) => this.#greet(peer),
      lost: ({ roomId, nodeId: peer }) => parts.hearing().absent(roomId, peer),
    })
    const peersOf = (roomId: string) => this.#holding.peers.of(roomId)
    this.#outbox = new Outbox({ nodeId, channel: this.#channel, clock, counters, peersOf })
  }

  get carriesUpdates(): boolean {
    return this.#channel.carriesUpdates
  }

  /** Whether the channel hears. */
  get isUp(): boolean {
    return this.#channel.isUp
  }

  /** Pages that other processes hold too, as far as is known. */
  get shared(): number {
    return this.#holding.peers.size
  }

  /** Another process is there: pages that are open are announced, and the channel is needed. */
  begin(): void {
    if (this.#closed || this.#channel.maxBytes === 0) return
    this.#channel.open()
    this.#holding.begin()
  }

  /** Opens the channel before it is needed, so that a setting that does not work is seen at the start. */
  open(): void {
    this.#channel.open()
  }

  isShared(roomId: string): boolean {
    return this.#channel.isUp && this.#holding.peers.isShared(roomId)
  }

  opened(roomId: string): void {
    this.#holding.opened(roomId)
  }

  closed(roomId: string): void {
    for (const peer of this.#holding.peers.of(roomId)) this.#outbox.tell(peer, { kind: 'bye', roomId })
    this.#holding.closed(roomId)
  }

  committed(roomId: string, seq: number): void {
    if (this.isShared(roomId)) this.#outbox.bell(roomId, seq)
  }

  wrote(roomId: string, epoch: number, parts: readonly Part[]): void {
    if (this.isShared(roomId)) this.#outbox.update(roomId, epoch, parts)
  }

  present(roomId: string, entries: readonly AwarenessEntry[]): void {
    if (this.isShared(roomId)) this.#outbox.presence(roomId, entries)
  }

  /** Takes leave: nobody counts on this process any more. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { roomId, nodeId } of this.#holding.peers.learnedBefore(Number.POSITIVE_INFINITY)) {
      this.#outbox.tell(nodeId, { kind: 'bye', roomId })
    }
    await this.#outbox.close()
    await this.#holding.close()
    await this.#channel.close()
  }

  #heard(message: Uint8Array): void {
    const { counters, clock, logger } = this.#parts
    counters.count('channel_heard')
    try {
      const { from, entries } = readMessage(message)
      this.#holding.peers.heard(from, clock.now())
      for (const entry of entries) if (this.#holding.isOpen(entry.roomId)) this.#take(from, entry)
    } catch (error) {
      counters.count('channel_unknown')
      if (error instanceof UnknownMessage) logger.debug({ error: error.message }, 'a message was left unread')
      else logger.warn({ error: String(error) }, 'a message of another process could not be used')
    }
  }

  #take(from: string, entry: Entry): void {
    const hearing = this.#parts.hearing()
    const { roomId } = entry
    if (entry.kind === 'bye') return this.#holding.unlearn({ roomId, nodeId: from })
    const isNew = this.#holding.learn(roomId, from)
    switch (entry.kind) {
      case 'hello':
        // Who is there now is said behind it; whoever is not was missed going.
        hearing.absent(roomId, from)
        return this.#answer(from, roomId, entry.seq)
      case 'bell':
        hearing.rung(roomId, entry.seq)
        break
      case 'presence':
        hearing.present(roomId, from, entry.update)
        break
      case 'update':
        hearing.written(roomId, entry.epoch, entry.parts)
        break
      default:
        entry satisfies never
    }
    // It knows of this process, which did not know of it: what it said before was not heard.
    if (isNew) this.#greet({ roomId, nodeId: from })
  }

  /** Says that this process holds the page, how far, and who is here. */
  #greet({ roomId, nodeId }: HeldElsewhere): void {
    const seq = this.#parts.hearing().seqOf(roomId)
    if (seq === null) return
    this.#outbox.tell(nodeId, { kind: 'hello', roomId, seq })
    this.#outbox.tellPresence(nodeId, roomId, this.#parts.hearing().presentHere(roomId))
  }

  #answer(nodeId: string, roomId: string, theirSeq: number): void {
    const hearing = this.#parts.hearing()
    const seq = hearing.seqOf(roomId)
    if (seq === null) return
    if (theirSeq > seq) hearing.rung(roomId, theirSeq)
    if (seq > theirSeq) this.#outbox.tell(nodeId, { kind: 'bell', roomId, seq })
    this.#outbox.tellPresence(nodeId, roomId, hearing.presentHere(roomId))
  }

  #up(): void {
    if (this.#closed) return
    this.#parts.logger.info({ channel: this.#channel.kind }, 'the channel is up')
    this.#wasUp = true
    for (const peer of this.#holding.peers.learnedBefore(Number.POSITIVE_INFINITY)) {
      this.#parts.hearing().absent(peer.roomId, peer.nodeId)
      this.#greet(peer)
    }
    this.#holding.lookSoon()
    this.#parts.hearing().look()
  }

  #down(reason: string): void {
    if (this.#closed || this.#wasUp === false) return
    this.#wasUp = false
    const { logger } = this.#parts
    logger.warn({ channel: this.#channel.kind, reason }, 'the channel is away; pages are looked at every second')
  }
}
