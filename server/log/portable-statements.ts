/**
 * The hot path's SQL for a PostgreSQL that is distributed by room_id (BATCH_ROOMS=1): each statement that writes names one
 * room by a value, so that it runs where that room lies. What statements.ts has instead is tuned for one server. Where
 * one room writes alone these are taken everywhere: they need no join.
 */

import { MICROS } from '../database/port.ts'
import { GOES_ON } from './statements.ts'

/** $1 room_id, $2 story, $3 page. */
export const CREATE_ROOM = `
  INSERT INTO scriptorium.room (room_id, story, page) VALUES ($1, $2, $3)
  ON CONFLICT (room_id) DO NOTHING`

/**
 * Appends one batch to one room, under the same conditions as APPEND.
 * $1 room_id, $2 epoch, $3 known seq, $4 when that was written, $5 bytes, $6 batch; for each part $7 part, $8 author, $9 via,
 * and $10 start (from 1), $11 length of its data in $12. Gives 1 as the number of the room.
 */
export const APPEND_ONE = `
  WITH bumped AS (
    UPDATE scriptorium.room
    SET seq = seq + 1, updated_at = greatest(statement_timestamp(), updated_at), bytes = bytes + $5::bigint
    WHERE room_id = $1::text AND deleted_at IS NULL AND epoch = $2::int AND ${GOES_ON('$1::text', '$3::bigint', '$4::bigint')}
    RETURNING seq, updated_at
  ), inserted AS (
    INSERT INTO scriptorium.update (room_id, seq, part, batch, author, via, at, data)
    SELECT $1::text, bumped.seq, part.part, $6::uuid, part.author, part.via, bumped.updated_at,
           substring($12::bytea FROM part.start FOR part.length)
    FROM bumped, unnest($7::int[], $8::text[], $9::text[], $10::int[], $11::int[])
      AS part (part, author, via, start, length)
  )
  SELECT 1 AS n, seq, ${MICROS('updated_at')} AS at FROM bumped`
