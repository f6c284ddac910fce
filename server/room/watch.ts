/**
 * Watches the open rooms for what was committed elsewhere: by a poll of their heads, and room by room where another process
 * says that there is something.
 */

import type { Log } from '../log/port.ts'
import { untilBeat } from '../pace.ts'
import type { Clock, Logger } from '../ports.ts'
import type { Room } from './room.ts'

export interface WatchParts {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  /** The rooms that are open, by id. */
  readonly rooms: ReadonlyMap<string, Room>
  /** How often all rooms are looked at, in ms; 0: this process is the only one. */
  readonly pollMs: number
  /** Whether no other process serves from this database; asked before each poll. */
  isAlone(): Promise<boolean>
}

const HEADS_AT_ONCE = 1000
/** A process that is alone looks after its rooms in so many turns, where they are many. */
const TURNS = 10
const ROOMS_A_TURN = 100

export class Watch {
  readonly #parts: WatchParts
  /** Rooms that are being read on, with the seq that they were said to have. */
  readonly #wanted = new Map<string, number>()
  #isOff = false
  /** Where the next turn goes on among the rooms that are open. */
  #round: Iterator<Room>
  #stop: () => void = () => undefined
  #isPolling = false
  #isPollDue = false
  #closed = false

  constructor(parts: WatchParts) {
    this.#parts = parts
    this.#round = parts.rooms.values()
    if (parts.pollMs > 0) this.#pollLater()
  }

  /** Looks at all rooms as soon as that is possible. */
  look(): void {
    if (this.#closed || this.#parts.pollMs === 0) return
    if (this.#isPolling) {
      this.#isPollDue = true
      return
    }
    this.#stop()
    this.#poll()
  }

  /** A room was said to be committed up to `seq`. While it is read on, only the highest counts. */
  rung(roomId: string, seq: number): void {
    const room = this.#parts.rooms.get(roomId)
    if (room === undefined || room.isEnded || seq <= room.seq) return
    const wanted = this.#wanted.get(roomId)
    this.#wanted.set(roomId, Math.max(wanted ?? 0, seq))
    if (wanted !== undefined) return
    this.#readOn(room)
      .catch((error: unknown) =>
        this.#parts.logger.debug({ room: roomId, error: String(error) }, 'a room was not read on; the poll repairs it'),
      )
      .finally(() => this.#wanted.delete(roomId))
  }

  close(): void {
    this.#closed = true
    this.#stop()
  }

  async #readOn(room: Room): Promise<void> {
    for (let before = -1; !room.isEnded && before < room.seq && room.seq < (this.#wanted.get(room.roomId) ?? 0); ) {
      before = room.seq
      await room.catchUp()
    }
  }

  #pollLater(): void {
    this.#stop = this.#parts.clock.after(untilBeat(this.#parts.clock, this.#parts.pollMs), () => this.#poll())
  }

  #poll(): void {
    this.#isPolling = true
    this.#isPollDue = false
    this.#compareAll()
      .catch((error: unknown) =>
        this.#parts.logger.debug({ error: String(error) }, 'poll failed; the next one repairs it'),
      )
      .finally(() => {
        this.#isPolling = false
        if (this.#closed) return
        if (this.#isPollDue) this.#poll()
        else this.#pollLater()
      })
  }

  async #compareAll(): Promise<void> {
    const watched = (await this.#parts.isAlone()) ? this.#watchedInTurn() : [...this.#watched()]
    for (let at = 0; at < watched.length; at += HEADS_AT_ONCE) await this.compare(watched.slice(at, at + HEADS_AT_ONCE))
  }

  *#watched(): Generator<Room> {
    for (const room of this.#parts.rooms.values()) if (room.isWatched) yield room
  }

  /** A part of the rooms, the next one each time: a database may be put back in time, or written to by hand. */
  #watchedInTurn(): Room[] {
    const { rooms: all } = this.#parts
    const turns = Math.max(1, Math.min(TURNS, Math.ceil(all.size / ROOMS_A_TURN)))
    // Every other time: who is alone is not in a hurry.
    this.#isOff = !this.#isOff
    if (this.#isOff) return []
    const rooms: Room[] = []
    for (let left = Math.ceil(all.size / turns); left > 0; left--) {
      let next = this.#round.next()
      if (next.done === true) {
        this.#round = all.values()
        next = this.#round.next()
        if (next.done === true) break
      }
      if (next.value.isWatched) rooms.push(next.value)
    }
    return rooms
  }

  /** Compares rooms with the log: takes in what was written elsewhere, ends those that go on from it no longer. @throws DatabaseError */
  async compare(rooms: readonly Room[]): Promise<void> {
    const known = new Map(rooms.map(({ roomId, seq, at, epoch }) => [roomId, { roomId, seq, at, epoch }]))
    const changed = await this.#parts.log.changed([...known.values()])
    const behind: Promise<void>[] = []
    for (const [roomId, head] of changed) {
      const room = this.#parts.rooms.get(roomId)
      const before = known.get(roomId)
      if (room === undefined || before === undefined || room.isEnded) continue
      if (head === null) room.end('went-back')
      else if (head.deleted) room.end('deleted')
      else if (head.epoch !== room.epoch) room.end('replaced')
      // Where the seq is as it was, its row is another one.
      else if (head.seq <= before.seq) room.end('went-back')
      else if (head.seq > room.seq) behind.push(catchUp(room, head.seq, this.#parts.log))
    }
    await Promise.all(behind)
  }
}

/** @throws DatabaseError */
const catchUp = async (room: Room, seq: number, log: Log): Promise<void> => {
  try {
    await room.catchUp()
  } catch (error) {
    // A row that cannot be read is set aside by a fold; while the database is away, that fails alike.
    const folded = await log.fold(room.roomId)
    if (folded === null || folded.epoch === room.epoch) throw error
    return room.end('replaced')
  }
  // Rows that are in the history no longer are in the snapshot: only a fresh load has them.
  if (!room.isEnded && room.seq < seq) room.end('gap')
}
