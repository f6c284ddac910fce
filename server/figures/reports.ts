/**
 * What each process says of itself to the others, so that whichever is asked can tell of all. A process that is alone
 * writes nothing.
 */

import type { Query } from '../database/port.ts'
import { untilBeat } from '../pace.ts'
import type { Clock, Logger } from '../ports.ts'
import { peopleIn, type RoomFigures } from '../room/figures.ts'

/** A process that serves from the database. */
export interface NodeReport {
  readonly id: string
  /** Host and process. */
  readonly name: string
  readonly startedAt: Date
  /** When it was heard of last. */
  readonly at: Date
  readonly isHere: boolean
  readonly rooms: number
  readonly people: number
  readonly memory: number
  /** The rooms that it holds with most people in them. */
  readonly busiest: readonly string[]
}

export interface ReportsParts {
  readonly database: Query
  readonly clock: Clock
  readonly logger: Logger
  readonly id: string
  readonly name: string
  /** Whether other processes may serve from the database at all. */
  readonly isShared: boolean
  readonly isAlone: () => boolean
  readonly rooms: () => readonly RoomFigures[]
  readonly memory: () => number
}

const EVERY_MS = 5000
const SHOWN_ROOMS = 20
/** Rooms whose members are told; a row of that many is half a megabyte. */
const TOLD_ROOMS = 10_000

/** $1 id, $2 name, $3 when it began, $4 what it says. Who was not heard of for a minute is forgotten. */
const TELL = `
  WITH forgotten AS (
    DELETE FROM scriptorium.node_report WHERE at < clock_timestamp() - interval '1 minute' AND node_id <> $1::uuid
  )
  INSERT INTO scriptorium.node_report (node_id, name, started_at, said) VALUES ($1::uuid, $2, $3::timestamptz, $4::text::jsonb)
  ON CONFLICT (node_id) DO UPDATE SET at = clock_timestamp(), said = excluded.said`

const IS_OTHER = `node_id <> $1::uuid AND at > clock_timestamp() - interval '15 seconds'`

const OTHERS = `
  SELECT node_id AS id, name, started_at AS "startedAt", at, (said - 'members')::text AS said
  FROM scriptorium.node_report WHERE ${IS_OTHER} ORDER BY started_at, node_id`

/** $1 id, $2 the rooms that are asked for. */
const MEMBERS = `
  SELECT room_id AS "roomId", sum(members::integer)::integer AS members
  FROM scriptorium.node_report, jsonb_each_text(said -> 'members') AS told (room_id, members)
  WHERE ${IS_OTHER} AND room_id = ANY ($2::text[]) GROUP BY room_id`

/** $1 id, $2 the rooms that somebody here is in: how many others there are. */
const OPEN = `
  SELECT count(*)::integer AS open FROM (
    SELECT jsonb_object_keys(said -> 'members') FROM scriptorium.node_report WHERE ${IS_OTHER}
    EXCEPT SELECT unnest($2::text[])
  ) AS elsewhere`

const LEAVE = 'DELETE FROM scriptorium.node_report WHERE node_id = $1::uuid'

type Said = Pick<NodeReport, 'rooms' | 'people' | 'memory' | 'busiest'>

interface Told extends Said {
  /** Of each room that somebody is in. */
  readonly members: Readonly<Record<string, number>>
}

export class Reports {
  readonly #parts: ReportsParts
  readonly #startedAt: Date
  #told = false
  /** What is elsewhere, when it was last asked for. */
  #elsewhere = { people: 0, open: 0 }
  #askedAt = Number.NEGATIVE_INFINITY
  #stop: () => void = () => undefined
  #closed = false
  #telling: Promise<void> = Promise.resolve()

  constructor(parts: ReportsParts) {
    this.#parts = parts
    this.#startedAt = new Date(parts.clock.now())
    if (parts.isShared) this.#later()
  }

  /** Every process, this one first. @throws DatabaseError */
  async list(): Promise<NodeReport[]> {
    const { database, id, name, clock } = this.#parts
    const rows = await database.query<Omit<NodeReport, keyof Said> & { said: string }>(OTHERS, [id])
    const here = { id, name, startedAt: this.#startedAt, at: new Date(clock.now()), isHere: true, ...this.#say() }
    return [here, ...rows.map(({ said, ...node }) => ({ ...node, isHere: false, ...(JSON.parse(said) as Said) }))]
  }

  /**
   * How many are in rooms of other processes, as they said within the last seconds; rooms without anybody are left out.
   * @throws DatabaseError
   */
  async membersElsewhere(roomIds: readonly string[]): Promise<Map<string, number>> {
    const { database, id, isAlone } = this.#parts
    if (isAlone() || roomIds.length === 0) return new Map()
    const rows = await database.query<{ roomId: string; members: number }>(MEMBERS, [id, roomIds])
    return new Map(rows.map(({ roomId, members }) => [roomId, members]))
  }

  /**
   * How many are with other processes, and how many pages are open there and not here, as was known some seconds ago;
   * asking has it known anew.
   */
  elsewhere(openHere: readonly string[]): { readonly people: number; readonly open: number } {
    const { clock, logger, isAlone } = this.#parts
    if (isAlone()) return { people: 0, open: 0 }
    const now = clock.elapsed()
    if (now - this.#askedAt >= EVERY_MS) {
      this.#askedAt = now
      this.#countElsewhere(openHere).catch((error: unknown) =>
        logger.debug({ error: String(error) }, 'what is elsewhere could not be counted'),
      )
    }
    return this.#elsewhere
  }

  async #countElsewhere(openHere: readonly string[]): Promise<void> {
    const { database, id } = this.#parts
    const nodes = await this.list()
    const [row] = await database.query<{ open: number }>(OPEN, [id, openHere])
    const people = nodes.reduce((sum, node) => (node.isHere ? sum : sum + node.people), 0)
    this.#elsewhere = { people, open: row?.open ?? 0 }
  }

  /** Says no more, and that this process serves no longer. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stop()
    await this.#telling
    if (this.#told) await this.#quietly(LEAVE, [this.#parts.id])
  }

  #later(): void {
    if (this.#closed) return
    this.#stop = this.#parts.clock.after(untilBeat(this.#parts.clock, EVERY_MS), () => {
      this.#telling = this.#tell().then(() => this.#later())
    })
  }

  async #tell(): Promise<void> {
    const { id, name, isAlone } = this.#parts
    if (isAlone()) return
    this.#told = true
    const rooms = this.#busiestFirst()
    const peopled = rooms.slice(0, TOLD_ROOMS).filter(({ members }) => members > 0)
    const members = Object.fromEntries(peopled.map((room) => [room.roomId, room.members]))
    const told = JSON.stringify({ ...this.#say(rooms), members } satisfies Told)
    await this.#quietly(TELL, [id, name, this.#startedAt.toISOString(), told])
  }

  #busiestFirst(): RoomFigures[] {
    return [...this.#parts.rooms()].sort((a, b) => b.members - a.members)
  }

  #say(rooms = this.#busiestFirst()): Said {
    return {
      rooms: rooms.length,
      people: peopleIn(rooms),
      memory: this.#parts.memory(),
      busiest: rooms.slice(0, SHOWN_ROOMS).map(({ roomId }) => roomId),
    }
  }

  async #quietly(statement: string, values: readonly string[]): Promise<void> {
    try {
      await this.#parts.database.query(statement, values)
    } catch (error) {
      // The others see it a little later, or not at all while the database is away.
      this.#parts.logger.debug({ error: String(error) }, 'a report was not written')
    }
  }
}
