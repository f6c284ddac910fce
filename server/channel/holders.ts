/** The table of who holds which page, and its SQL for one server: many pages travel in one statement. */

import { MICROS, type Query } from '../database/port.ts'
import { MESSAGE_VERSION } from './message.ts'

/** A page that another live process holds too. */
export interface HeldElsewhere {
  readonly roomId: string
  readonly nodeId: string
}

/** A node whose heart has not beaten for so long, by the database's clock, is not there. */
const IS_LIVE = `heartbeat_at > clock_timestamp() - interval '15 seconds'`

export const SINCE = MICROS('since')

/** $1 node_id, $2 room_id, $3 version. */
const ADD = `
  INSERT INTO scriptorium.holder (room_id, node_id, version)
  SELECT room_id, $1, $3 FROM unnest($2::text[]) AS opened (room_id)
  ORDER BY room_id
  ON CONFLICT (room_id, node_id) DO UPDATE SET since = excluded.since
  RETURNING room_id, ${SINCE} AS since`

const REMOVE = 'DELETE FROM scriptorium.holder WHERE node_id = $1 AND room_id = ANY($2::text[])'

const LEAVE = 'DELETE FROM scriptorium.holder WHERE node_id = $1'

/** Who else holds some pages. $1 node_id, $2 room_id, $3 least version. */
const OTHERS_OF = `
  SELECT holder.room_id, holder.node_id
  FROM scriptorium.holder JOIN scriptorium.node ON node.node_id = holder.node_id
  WHERE holder.room_id = ANY($2::text[]) AND holder.node_id <> $1 AND holder.version >= $3 AND node.${IS_LIVE}`

/** Who else holds the pages of a node. $1 node_id, $2 least version. */
const OTHERS = `
  SELECT other.room_id, other.node_id
  FROM scriptorium.holder mine
  JOIN scriptorium.holder other ON other.room_id = mine.room_id
  JOIN scriptorium.node ON node.node_id = other.node_id
  WHERE mine.node_id = $1 AND other.node_id <> $1 AND other.version >= $2 AND node.${IS_LIVE}`

/** Processes that live, … */
export const LIVE_NODES = `SELECT node_id FROM scriptorium.node WHERE ${IS_LIVE}`

/** … and those that were heard of so lately that their rows stay. */
export const RECENT_NODES = `
  SELECT node_id FROM scriptorium.node WHERE heartbeat_at > clock_timestamp() - interval '1 minute'`

const OWN = `SELECT count(*)::int AS count, coalesce(max(${SINCE}), 0) AS newest FROM scriptorium.holder WHERE node_id = $1`

/** A process that was only stopped for a while writes its rows again. */
const DROP_DEAD = `DELETE FROM scriptorium.holder WHERE node_id NOT IN (${RECENT_NODES})`

export interface Own {
  readonly count: number
  readonly newest: number
}

export interface Holders {
  /** Notes that this process holds pages. @returns since when each is noted, in microseconds @throws DatabaseError */
  add(roomIds: readonly string[]): Promise<Map<string, number>>
  /** Notes that it holds them no longer. @throws DatabaseError */
  remove(roomIds: readonly string[]): Promise<void>
  /** Notes that it holds none. @throws DatabaseError */
  leave(): Promise<void>
  /**
   * Which live processes hold some of these pages too. Asked after `add` has committed: of two that open a page at the
   * same instant, the later to commit sees the other.
   * @throws DatabaseError
   */
  othersOf(roomIds: readonly string[]): Promise<HeldElsewhere[]>
  /** Which live processes hold pages of this one too. @throws DatabaseError */
  others(): Promise<HeldElsewhere[]>
  /** The live processes. @throws DatabaseError */
  live(): Promise<Set<string>>
  /** How many pages this process holds by the table, and since when the newest. @throws DatabaseError */
  own(): Promise<Own>
  /** Removes rows of processes that are no more. @throws DatabaseError */
  dropDead(): Promise<void>
}

export const tunedHolders = (database: Query, nodeId: string): Holders => {
  const held = async (statement: string, values: Parameters<Query['query']>[1]): Promise<HeldElsewhere[]> => {
    const rows = await database.query<{ room_id: string; node_id: string }>(statement, values)
    return rows.map(({ room_id, node_id }) => ({ roomId: room_id, nodeId: node_id }))
  }
  return {
    add: async (roomIds) => {
      if (roomIds.length === 0) return new Map()
      const rows = await database.query<{ room_id: string; since: number }>(ADD, [nodeId, roomIds, MESSAGE_VERSION])
      return new Map(rows.map(({ room_id, since }) => [room_id, since]))
    },
    remove: async (roomIds) => {
      if (roomIds.length > 0) await database.query(REMOVE, [nodeId, roomIds])
    },
    leave: async () => void (await database.query(LEAVE, [nodeId])),
    othersOf: async (roomIds) => (roomIds.length === 0 ? [] : held(OTHERS_OF, [nodeId, roomIds, MESSAGE_VERSION])),
    others: () => held(OTHERS, [nodeId, MESSAGE_VERSION]),
    live: async () => new Set((await database.query<{ node_id: string }>(LIVE_NODES)).map(({ node_id }) => node_id)),
    own: async () => (await database.query<Own>(OWN, [nodeId]))[0] ?? { count: 0, newest: 0 },
    dropDead: async () => void (await database.query(DROP_DEAD)),
  }
}
