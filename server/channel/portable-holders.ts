/**
 * The table of holders on a PostgreSQL that is distributed by room_id (BATCH_ROOMS=1): each statement that writes names one
 * page, none joins pages, and what concerns many is read as it lies and sorted out here.
 */
import type { Query } from '../database/port.ts'
import { type HeldElsewhere, type Holders, LIVE_NODES, RECENT_NODES, SINCE } from './holders.ts'
import { MESSAGE_VERSION } from './message.ts'

interface Row {
  readonly room_id: string
  readonly node_id: string
}

/** $1 room_id, $2 node_id, $3 version. */
const ADD = `
  INSERT INTO scriptorium.holder (room_id, node_id, version) VALUES ($1, $2, $3)
  ON CONFLICT (room_id, node_id) DO UPDATE SET since = excluded.since
  RETURNING ${SINCE} AS since`

/** $1 room_id, $2 node_id. */
const REMOVE = 'DELETE FROM scriptorium.holder WHERE room_id = $1 AND node_id = $2'

/** $1 room_id, $2 node_id, $3 least version. */
const OTHERS_OF =
  'SELECT room_id, node_id FROM scriptorium.holder WHERE room_id = $1 AND node_id <> $2 AND version >= $3'

/** $1 node_id, $2 least version. */
const ALL_OTHERS = 'SELECT room_id, node_id FROM scriptorium.holder WHERE node_id <> $1 AND version >= $2'

const OWN = `SELECT room_id, node_id, ${SINCE} AS since FROM scriptorium.holder WHERE node_id = $1`

/** $1 node_id of those who are there. */
const OF_THE_DEAD = 'SELECT room_id, node_id FROM scriptorium.holder WHERE node_id <> ALL ($1::uuid[])'

export const portableHolders = (database: Query, nodeId: string): Holders => {
  const nodes = async (statement: string) =>
    (await database.query<{ node_id: string }>(statement)).map(({ node_id }) => node_id)
  const live = async () => new Set(await nodes(LIVE_NODES))
  const own = () => database.query<Row & { since: number }>(OWN, [nodeId])
  const remove = async (rows: readonly Row[]) => {
    for (const { room_id, node_id } of rows) await database.query(REMOVE, [room_id, node_id])
  }
  const ofLive = async (rows: readonly Row[]): Promise<HeldElsewhere[]> => {
    if (rows.length === 0) return []
    const there = await live()
    return rows
      .filter(({ node_id }) => there.has(node_id))
      .map(({ room_id, node_id }) => ({ roomId: room_id, nodeId: node_id }))
  }
  return {
    add: async (roomIds) => {
      const noted = new Map<string, number>()
      for (const roomId of roomIds) {
        const [row] = await database.query<{ since: number }>(ADD, [roomId, nodeId, MESSAGE_VERSION])
        noted.set(roomId, row?.since ?? 0)
      }
      return noted
    },
    remove: (roomIds) => remove(roomIds.map((room_id) => ({ room_id, node_id: nodeId }))),
    leave: async () => remove(await own()),
    othersOf: async (roomIds) => {
      const found: Row[] = []
      for (const roomId of roomIds)
        found.push(...(await database.query<Row>(OTHERS_OF, [roomId, nodeId, MESSAGE_VERSION])))
      return ofLive(found)
    },
    others: async () => {
      const mine = new Set((await own()).map(({ room_id }) => room_id))
      const rows = await database.query<Row>(ALL_OTHERS, [nodeId, MESSAGE_VERSION])
      return ofLive(rows.filter(({ room_id }) => mine.has(room_id)))
    },
    live,
    own: async () => {
      const rows = await own()
      return { count: rows.length, newest: rows.reduce((newest, { since }) => Math.max(newest, since), 0) }
    },
    dropDead: async () => remove(await database.query<Row>(OF_THE_DEAD, [await nodes(RECENT_NODES)])),
  }
}
