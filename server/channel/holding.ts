/**
 * Keeps the table of holders and the known peers in step with the pages that are open here. While this process is alone
 * nothing is written. Rows go out many at a time, one statement under way; every few seconds the table is looked at, which
 * repairs whatever was not heard.
 */
import type { Clock, Logger } from '../ports.ts'
import type { HeldElsewhere, Holders } from './holders.ts'
import { Peers } from './peers.ts'

export interface HoldingParts {
  readonly holders: Holders
  readonly clock: Clock
  readonly logger: Logger
  /** Whether no other process served from this database when last looked. */
  isAlone(): boolean
  /** Another process was found that holds a page: it may not know that this one does. */
  met(peer: HeldElsewhere): void
  /** It holds the page no longer. */
  lost(peer: HeldElsewhere): void
}

const LOOK_MS = 5000
/** Who is silent on the channel for so long, and in the table, is gone. */
const SILENT_MS = 15_000
const LOOKS_BETWEEN_CLEANING = 12
const ROOMS_AT_ONCE = 5000

export class Holding {
  readonly peers = new Peers()
  readonly #parts: HoldingParts
  readonly #holders: Holders
  readonly #open = new Set<string>()
  /** Pages that the table says this process holds, as far as it knows, and since when. */
  readonly #written = new Map<string, number>()
  /** Pages of which the table may be wrong. */
  readonly #dirty = new Set<string>()
  #look = 0
  #isActive = false
  #isWriting = false
  #closed = false
  #work: Promise<void> = Promise.resolve()
  #cancelLook: () => void = () => undefined

  constructor(parts: HoldingParts) {
    this.#parts = parts
    this.#holders = parts.holders
  }

  /** Another process is there: from now on pages that are open are announced. */
  begin(): void {
    if (this.#isActive || this.#closed) return
    this.#isActive = true
    for (const roomId of this.#open) this.#dirty.add(roomId)
    this.#writeLater()
    this.#lookLater()
  }

  isOpen(roomId: string): boolean {
    return this.#open.has(roomId)
  }

  opened(roomId: string): void {
    this.#open.add(roomId)
    this.#touch(roomId)
  }

  closed(roomId: string): void {
    this.#open.delete(roomId)
    this.peers.drop(roomId)
    this.#touch(roomId)
  }

  /** A process has said that it holds a page. @returns whether that is news */
  learn(roomId: string, nodeId: string): boolean {
    if (this.peers.has(roomId, nodeId)) return false
    this.peers.add(roomId, nodeId, this.#look)
    return true
  }

  /** A process has said that it holds a page no longer. */
  unlearn(peer: HeldElsewhere): void {
    if (!this.peers.has(peer.roomId, peer.nodeId)) return
    this.peers.remove(peer.roomId, peer.nodeId)
    this.#parts.lost(peer)
  }

  /** Looks at the table now. */
  lookSoon(): void {
    if (!this.#isActive || this.#closed) return
    this.#cancelLook()
    this.#inTurn(() => this.#lookAtAll())
    this.#lookLater()
  }

  /** Takes this process out of the table. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelLook()
    await this.#work
    if (this.#written.size === 0) return
    await this.#holders.leave().catch((error: unknown) => {
      // Its heartbeat ends, and its rows count no longer.
      this.#parts.logger.debug({ error: String(error) }, 'the rows of this process were not removed')
    })
  }

  #touch(roomId: string): void {
    if (!this.#isActive) return
    this.#dirty.add(roomId)
    this.#writeLater()
  }

  #writeLater(): void {
    if (this.#isWriting || this.#closed || this.#dirty.size === 0) return
    this.#isWriting = true
    this.#parts.clock.turn(() => {
      this.#inTurn(async () => {
        try {
          await this.#write()
        } finally {
          this.#isWriting = false
        }
        this.#writeLater()
      })
    })
  }

  /** Does one thing after the other; what fails is done again by the next look. */
  #inTurn(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#parts.logger.debug({ error: String(error) }, 'who holds which page was not settled; tried again soon')
    })
  }

  async #write(): Promise<void> {
    const dirty = [...this.#dirty].slice(0, ROOMS_AT_ONCE)
    const gone = dirty.filter((roomId) => !this.#open.has(roomId) && this.#written.has(roomId))
    const fresh = dirty.filter((roomId) => this.#open.has(roomId) && !this.#written.has(roomId))
    await this.#holders.remove(gone)
    for (const roomId of gone) this.#written.delete(roomId)
    for (const [roomId, since] of await this.#holders.add(fresh)) this.#written.set(roomId, since)
    const others = await this.#holders.othersOf(fresh)
    // What was opened or closed meanwhile is as dirty as before.
    for (const roomId of dirty) if (this.#open.has(roomId) === this.#written.has(roomId)) this.#dirty.delete(roomId)
    for (const peer of others) this.#meet(peer)
  }

  #meet(peer: HeldElsewhere): void {
    if (!this.#open.has(peer.roomId)) return
    this.learn(peer.roomId, peer.nodeId)
    this.#parts.met(peer)
  }

  #lookLater(): void {
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => this.lookSoon())
  }

  async #lookAtAll(): Promise<void> {
    const { clock, isAlone } = this.#parts
    const look = ++this.#look
    const [others, live, own] = [await this.#holders.others(), await this.#holders.live(), await this.#holders.own()]
    const held = new Map<string, Set<string>>()
    for (const { roomId, nodeId } of others) held.set(roomId, (held.get(roomId) ?? new Set()).add(nodeId))
    const silentSince = clock.now() - SILENT_MS
    for (const peer of this.peers.learnedBefore(look)) {
      if (held.get(peer.roomId)?.has(peer.nodeId) === true) continue
      // Cut off from the database, and not from here.
      if (!live.has(peer.nodeId) && this.peers.isHeardSince(peer.nodeId, silentSince)) continue
      this.unlearn(peer)
    }
    for (const peer of others) if (!this.peers.has(peer.roomId, peer.nodeId)) this.#meet(peer)
    this.peers.forgetSilent(silentSince)
    if (isAlone() && this.peers.size === 0) return this.#rest()
    // There may be more pages than a function takes arguments.
    let newest = 0
    for (const since of this.#written.values()) newest = Math.max(newest, since)
    if (own.count !== this.#written.size || own.newest !== newest) await this.#writeAllAgain()
    this.#writeLater()
    if (look % LOOKS_BETWEEN_CLEANING === 1) await this.#holders.dropDead()
  }

  /** The table was put back in time, or took this process for dead. */
  async #writeAllAgain(): Promise<void> {
    await this.#holders.leave()
    this.#written.clear()
    for (const roomId of this.#open) this.#dirty.add(roomId)
  }

  /** Nobody else is there: nothing is written until somebody is. */
  async #rest(): Promise<void> {
    this.#isActive = false
    this.#cancelLook()
    this.#dirty.clear()
    this.#written.clear()
    await this.#holders.leave()
  }
}
