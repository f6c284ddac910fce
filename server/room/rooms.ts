/** The rooms of this process: each opened once, watched for what others write, closed when nobody needs it. */

import type { Log } from '../log/port.ts'
import { untilBeat } from '../pace.ts'
import type { Clock, Counters, Logger, Random, Timings } from '../ports.ts'
import type { Elsewhere, Hearing } from './elsewhere.ts'
import type { RoomFigures } from './figures.ts'
import { paceOfFolds } from './follow.ts'
import type { Member } from './member.ts'
import { Room } from './room.ts'
import type { RoomParts, RoomSettings } from './room-parts.ts'
import type { Diff } from './sync.ts'
import { Watch } from './watch.ts'

export interface RoomsSettings extends RoomSettings {
  /** Bytes not committed past which writers are not read. */
  readonly maxUnsavedBytes: number
  /** Bytes of rooms without members past which they close at once. */
  readonly maxIdleBytes: number
  /** How often other processes' writes are looked for, in ms; 0: this process is the only one. */
  readonly pollMs: number
}

export interface RoomsParts {
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  readonly timings: Timings
  readonly settings: RoomsSettings
  /** Workers of one service that share the pages, this one too; none given: it is alone. */
  readonly workers?: number
  /** Other processes that hold the same pages. */
  readonly elsewhere: Elsewhere
  /** Compares large pages off the event loop. */
  readonly diff: Diff
  /** Whether no other process serves from this database; asked before each poll. */
  isAlone(): Promise<boolean>
  /** Whether memory is nearly used up. */
  isTight(): boolean
}

/** There is no memory for another page: it must be tried again. */
export class NoMemory extends Error {}

/** A page was deleted: nobody may join it. */
export class PageDeleted extends Error {}

const SWEEP_MS = 2000
/** A room without members stays this long, for whoever comes back after a lost connection. */
const LINGER_MS = 15_000
const COMPARE_MS = 1000

export class Rooms {
  readonly #parts: RoomsParts
  /** The same for all rooms. */
  readonly #roomParts: RoomParts
  readonly #rooms = new Map<string, Room>()
  readonly #opening = new Map<string, Promise<Room>>()
  /** Those without members, and some that have members again: what is due of thousands of rooms with people is nothing. */
  readonly #empty = new Set<Room>()
  readonly #relief = new Set<() => void>()
  /** What other processes tell of the rooms that are open. */
  readonly hearing: Hearing = {
    seqOf: (roomId) => this.#rooms.get(roomId)?.seq ?? null,
    rung: (roomId, seq) => this.#watch.rung(roomId, seq),
    written: (roomId, epoch, parts) => {
      if (!this.isFull) this.#rooms.get(roomId)?.takeHeard(epoch, parts)
    },
    present: (roomId, nodeId, update) => this.#rooms.get(roomId)?.company.takePresence(nodeId, update),
    absent: (roomId, nodeId) => this.#rooms.get(roomId)?.company.dropPresence(nodeId),
    presentHere: (roomId) => this.#rooms.get(roomId)?.company.presentHere() ?? [],
    look: () => this.#watch.look(),
  }
  #unsavedBytes = 0
  #isTight = false
  #stopSweep: () => void = () => undefined
  readonly #watch: Watch
  #closed = false

  constructor(parts: RoomsParts) {
    this.#parts = parts
    this.#roomParts = {
      ...parts,
      foldPace: paceOfFolds(parts.clock, parts.workers),
      presenceDropped: () => parts.counters.count('presence_dropped'),
      unsaved: (delta) => this.#addUnsaved(delta),
      emptied: (room) => void this.#empty.add(room),
      ended: (room) => {
        if (this.#rooms.get(room.roomId) === room) this.#drop(room)
      },
    }
    this.#sweepLater()
    this.#watch = new Watch({ ...parts, rooms: this.#rooms, pollMs: parts.settings.pollMs })
  }

  get open(): number {
    return this.#rooms.size
  }

  get unsavedBytes(): number {
    return this.#unsavedBytes
  }

  /** Whether so much waits for its commit that writers must not be read now. */
  get isFull(): boolean {
    return this.#unsavedBytes >= this.#parts.settings.maxUnsavedBytes
  }

  /** Calls `task` once, when half of what may wait for its commit is free again. @returns how to forget it */
  onRelief(task: () => void): () => void {
    this.#relief.add(task)
    return () => this.#relief.delete(task)
  }

  /**
   * Opens the room if it is not open, and lets the member in.
   * @throws PageDeleted, NoMemory, or DatabaseError when the page cannot be loaded: never a room without its content
   */
  async join(roomId: string, member: Member): Promise<Room> {
    for (;;) {
      const room = (await this.#standing(roomId)) ?? (await this.#open(roomId))
      if (this.#closed) throw new Error('the service is stopping')
      if (room.isEnded || this.#rooms.get(roomId) !== room) continue
      room.join(member)
      return room
    }
  }

  /** Ids of the rooms that are open. */
  get ids(): string[] {
    return [...this.#rooms.keys()]
  }

  /** How many are in a room now. */
  membersOf(roomId: string): number {
    return this.#rooms.get(roomId)?.members ?? 0
  }

  /** The room of a page, where it is open. */
  room(roomId: string): Room | undefined {
    return this.#rooms.get(roomId)
  }

  /** How every open room stands. */
  figures(): RoomFigures[] {
    return Array.from(this.#rooms.values(), (room) => room.figures)
  }

  /** Folds a page, open or not, as an operator asks. @throws DatabaseError */
  async fold(roomId: string): Promise<void> {
    const room = await this.#opened(roomId)
    if (room === undefined) await this.#parts.log.fold(roomId)
    else await room.foldNow()
  }

  /** Compares a room with the log, as the watch does now and then where somebody is there. @throws DatabaseError */
  compare(room: Room): Promise<void> {
    return this.#watch.compare([room])
  }

  /** Has a room that is open take in what was committed elsewhere. @throws DatabaseError */
  async refresh(roomId: string): Promise<void> {
    const room = await this.#opened(roomId)
    if (room === undefined) return
    await room.catchUp()
    if (!room.isEnded) this.#parts.elsewhere.committed(roomId, room.seq)
  }

  /** Ends a room that is open: its page was deleted. */
  async endDeleted(roomId: string): Promise<void> {
    const room = await this.#opened(roomId)
    room?.end('deleted')
  }

  /** Opens no more rooms and stops watching those it has. */
  close(): void {
    this.#closed = true
    this.#stopSweep()
    this.#watch.close()
  }

  /** The room if it is open, or about to be: it may have been loaded before what its caller committed. */
  async #opened(roomId: string): Promise<Room | undefined> {
    const opening = this.#opening.get(roomId)
    if (opening !== undefined) await Promise.allSettled([opening])
    return this.#rooms.get(roomId)
  }

  /** The room if it is open. Nobody has watched an empty one: before somebody joins it, it is compared with the log. */
  async #standing(roomId: string): Promise<Room | undefined> {
    const { clock, log, logger } = this.#parts
    const room = this.#rooms.get(roomId)
    if (room === undefined || room.isWatched || !log.reachable) return room
    const compared = this.compare(room).catch((error: unknown) =>
      logger.debug({ room: roomId, error: String(error) }, 'an empty room was not compared; the poll does it'),
    )
    // A database that hangs keeps nobody out of what is in memory.
    await new Promise<void>((resolve) => {
      const cancel = clock.after(COMPARE_MS, resolve)
      void compared.finally(() => {
        cancel()
        resolve()
      })
    })
    return room
  }

  #open(roomId: string): Promise<Room> {
    const shared = this.#opening.get(roomId)
    if (shared !== undefined) return shared
    const opening = this.#load(roomId).finally(() => this.#opening.delete(roomId))
    this.#opening.set(roomId, opening)
    return opening
  }

  async #load(roomId: string): Promise<Room> {
    if (this.#isTight) {
      this.#parts.counters.count('limit_memory')
      throw new NoMemory('memory is nearly used up')
    }
    const room = await this.#loadOrMend(roomId)
    this.#rooms.set(roomId, room)
    this.#empty.add(room)
    this.#parts.elsewhere.opened(roomId)
    return room
  }

  #drop(room: Room): void {
    this.#rooms.delete(room.roomId)
    this.#empty.delete(room)
    this.#parts.elsewhere.closed(room.roomId)
  }

  /** A page that does not load is folded, which sets aside what cannot be read. */
  async #loadOrMend(roomId: string): Promise<Room> {
    const { log, logger } = this.#parts
    const loaded = await log.load(roomId)
    if (loaded.deleted) throw new PageDeleted('this page was deleted')
    try {
      return new Room(roomId, loaded, this.#roomParts)
    } catch (error) {
      logger.error({ room: roomId, error: String(error) }, 'a page does not load')
      if ((await log.fold(roomId)) === null) throw error
      return new Room(roomId, await log.load(roomId), this.#roomParts)
    }
  }

  #addUnsaved(delta: number): void {
    this.#unsavedBytes += delta
    if (delta >= 0 || this.#unsavedBytes > this.#parts.settings.maxUnsavedBytes / 2) return
    const tasks = [...this.#relief]
    this.#relief.clear()
    for (const task of tasks) task()
  }

  #sweepLater(): void {
    this.#stopSweep = this.#parts.clock.after(untilBeat(this.#parts.clock, SWEEP_MS), () => {
      this.#sweep()
      this.#sweepLater()
    })
  }

  /** Closes rooms that nobody needs: those idle for long, and the longest idle while they hold too many bytes. */
  #sweep(): void {
    if (this.#parts.elsewhere.carriesUpdates) for (const room of this.#rooms.values()) room.writeOverdue()
    for (const room of this.#empty) if (room.idleSince === null || room.isEnded) this.#empty.delete(room)
    const idle = [...this.#empty].filter((room) => room.isSaved)
    idle.sort((a, b) => (a.idleSince ?? 0) - (b.idleSince ?? 0))
    let bytes = idle.reduce((sum, room) => sum + room.bytes, 0)
    this.#isTight = this.#parts.isTight()
    const allowed = this.#isTight ? 0 : this.#parts.settings.maxIdleBytes
    const now = this.#parts.clock.now()
    for (const room of idle) {
      const due = now - (room.idleSince ?? now) >= LINGER_MS || bytes > allowed
      if (!due) break
      bytes -= room.bytes
      this.#drop(room)
      room.retire()
    }
  }
}
