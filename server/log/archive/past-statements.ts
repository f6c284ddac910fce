/** The SQL that reads a page as it was. */

import { MICROS } from '../../database/port.ts'

/** A moment as a seq, or as a time: the last seq that had reached us by then. Answers tell times in milliseconds, so it is compared in those. */
const seqAt = (seq: string, time: string): string => `
  CASE WHEN ${seq}::bigint IS NOT NULL THEN least(${seq}::bigint, room.seq)
       WHEN ${time}::timestamptz IS NOT NULL THEN coalesce((
         SELECT u.seq FROM scriptorium.update u
         WHERE u.room_id = room.room_id AND date_trunc('milliseconds', u.at) <= ${time}::timestamptz
         ORDER BY u.seq DESC LIMIT 1), 0)
       ELSE room.seq END`

/**
 * A page between two moments in one statement, so that all of it is seen at one: first the room, then the snapshots at
 * or below each moment, then the rows that lead from those to the moments, and with $6 all rows between the moments too.
 * $1 room_id, $2 and $3 the earlier moment as seq or time, $4 and $5 the later one; where both are null: now.
 */
export const PAST = `
  WITH moment AS (
    SELECT room.*, ${seqAt('$2', '$3')} AS from_seq, ${seqAt('$4', '$5')} AS to_seq
    FROM scriptorium.room WHERE room.room_id = $1
  ), base AS (
    SELECT moment.*,
      coalesce((SELECT max(s.seq) FROM scriptorium.snapshot s WHERE s.room_id = $1 AND s.seq <= from_seq), 0) AS from_base,
      coalesce((SELECT max(s.seq) FROM scriptorium.snapshot s WHERE s.room_id = $1 AND s.seq <= to_seq), 0) AS to_base
    FROM moment
  )
  SELECT 'room' AS what, seq, 0 AS part, NULL AS author, NULL AS kind,
         (extract(epoch FROM created_at) * 1000)::float8 AS at, NULL::bytea AS data,
         jsonb_build_object('from', from_seq, 'to', to_seq, 'fromBase', from_base, 'toBase', to_base, 'epoch', epoch, 'writtenAt', ${MICROS('updated_at')},
           'restoreSeq', restore_seq, 'historySeq', history_seq, 'deleted', deleted_at IS NOT NULL, 'roots', roots) AS room
  FROM base
  UNION ALL
  SELECT 'snapshot', s.seq, 0, NULL, NULL, 0, s.data, NULL
  FROM base JOIN scriptorium.snapshot s ON s.room_id = base.room_id AND s.seq IN (from_base, to_base)
  UNION ALL
  SELECT 'row', u.seq, u.part, u.author, u.kind, (extract(epoch FROM u.at) * 1000)::float8, u.data, NULL
  FROM base JOIN scriptorium.update u ON u.room_id = base.room_id
    AND u.seq > least(from_base, to_base) AND u.seq <= to_seq
    AND (u.seq > to_base OR (u.seq > from_base AND u.seq <= from_seq) OR ($6 AND u.seq > from_seq))
  ORDER BY 1, 2, 3`

/** Who edited when: an author's rows are one entry while no more than $5 seconds lie between them. $2, $3 times, $4 entries. */
export const ACTIVITY = `
  SELECT author, kind, min(first_at) AS "from", max(at) AS "to", min(first_seq) AS "fromSeq", max(seq) AS "toSeq",
         sum(bytes)::bigint AS bytes, count(*)::int AS edits
  FROM (
    SELECT *, sum(fresh) OVER (PARTITION BY author, kind ORDER BY seq, part) AS session
    FROM (
      SELECT seq, part, author, kind, at, coalesce(first_seq, seq) AS first_seq, coalesce(first_at, at) AS first_at,
             length(data) AS bytes,
             CASE WHEN coalesce(first_at, at) - lag(at) OVER (PARTITION BY author, kind ORDER BY seq, part) <= make_interval(secs => $5)
                  THEN 0 ELSE 1 END AS fresh
      FROM scriptorium.update
      WHERE room_id = $1
        AND ($2::timestamptz IS NULL OR date_trunc('milliseconds', at) >= $2::timestamptz)
        AND ($3::timestamptz IS NULL OR date_trunc('milliseconds', at) <= $3::timestamptz)
    ) AS marked
  ) AS sessions
  GROUP BY author, kind, session
  ORDER BY max(seq) DESC, min(seq) DESC
  LIMIT $4`

/** Who owns which clientID. */
export const WRITERS = `
  SELECT client_id AS client, author, (extract(epoch FROM first_at) * 1000)::float8 AS at
  FROM scriptorium.writer WHERE room_id = $1`

/** What the roots are, as it was told first: what is stored stays. */
export const STORE_ROOTS = `
  UPDATE scriptorium.room SET roots = $2::jsonb || coalesce(roots, '{}'::jsonb)
  WHERE room_id = $1 AND NOT coalesce(roots, '{}'::jsonb) @> $2::jsonb`
