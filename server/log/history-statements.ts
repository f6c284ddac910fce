/** The SQL of the history: rows at or below the snapshot. */

/**
 * Rows of the history older than $3 days, from seq $2 on, without their data, and the time of the database.
 * $5: rows above the snapshot too, as if it were made now.
 */
export const OLD_ROWS = `
  SELECT u.seq, u.part, coalesce(u.first_seq, u.seq) AS first_seq, u.batch, u.author, u.via, u.kind,
         octet_length(u.data) AS bytes, floor(extract(epoch FROM u.at) * 1000)::bigint AS at,
         floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
  FROM scriptorium.room JOIN scriptorium.update u ON u.room_id = room.room_id AND (u.seq <= room.snapshot_seq OR $5)
  WHERE room.room_id = $1 AND room.deleted_at IS NULL AND u.seq >= $2
    AND u.at < clock_timestamp() - $3::float8 * interval '1 day'
  ORDER BY u.seq, u.part
  LIMIT $4`

/** The data of rows from seq $2 to $3. */
export const ROW_DATA = `
  SELECT seq, part, data FROM scriptorium.update WHERE room_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq, part`

/**
 * Takes out the rows of windows if they are exactly those that were read, and tells what each window spanned.
 * Times travel as text, whole: rounded ones could fall below those of earlier rows.
 * $2 window, $3 seq, $4 part, $5 first_seq, $6 bytes, $7 batch.
 */
export const TAKE_ROWS = `
  WITH gone AS (
    DELETE FROM scriptorium.update u
    USING unnest($2::int[], $3::bigint[], $4::int[], $5::bigint[], $6::int[], $7::uuid[])
      AS asked (number, seq, part, first_seq, bytes, batch)
    WHERE u.room_id = $1 AND u.seq = asked.seq AND u.part = asked.part
      AND coalesce(u.first_seq, u.seq) = asked.first_seq AND octet_length(u.data) = asked.bytes
      AND u.batch = asked.batch
    RETURNING asked.number, u.seq, u.batch, u.at, coalesce(u.first_seq, u.seq) AS first_seq, coalesce(u.first_at, u.at) AS first_at
  )
  SELECT number, count(*) AS rows, max(seq) AS seq, min(first_seq) AS first_seq, max(at)::text AS at,
         min(first_at)::text AS first_at, (array_agg(batch::text ORDER BY seq DESC))[1] AS batch
  FROM gone GROUP BY number ORDER BY number`

/** Puts joined rows in their place. The data of all travels as one value $12, cut apart by start and length. */
export const PUT_ROWS = `
  INSERT INTO scriptorium.update (room_id, seq, part, batch, first_seq, at, first_at, author, via, data)
  SELECT $1, seq, part, batch, first_seq, at::timestamptz, first_at::timestamptz, author, via,
         substring($12::bytea FROM start FOR length)
  FROM unnest($2::bigint[], $3::int[], $4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::int[])
    AS joined (seq, part, batch, first_seq, at, first_at, author, via, start, length)`

/** The last row of a page that is older than $2 days, and where its kept history begins. */
export const LAST_EXPIRED = `
  SELECT room.history_seq, u.seq, u.batch
  FROM scriptorium.room JOIN scriptorium.update u ON u.room_id = room.room_id AND u.seq <= room.snapshot_seq
  WHERE room.room_id = $1 AND room.deleted_at IS NULL AND u.at < clock_timestamp() - $2::float8 * interval '1 day'
  ORDER BY u.seq DESC LIMIT 1`

/** The rows of a page older than $2 days, as if all were history. */
export const EXPIRED_ROWS = `
  SELECT coalesce(max(seq), 0) AS seq, count(*) AS rows, coalesce(sum(octet_length(data)), 0)::bigint AS bytes
  FROM scriptorium.update WHERE room_id = $1 AND at < clock_timestamp() - $2::float8 * interval '1 day'`

/** The newest snapshot up to seq $2, and the rows from there to it. */
export const STATE_AT = `
  WITH base AS (
    SELECT seq, data FROM scriptorium.snapshot WHERE room_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1
  )
  SELECT seq, -1 AS part, data FROM base
  UNION ALL
  SELECT u.seq, u.part, u.data FROM scriptorium.update u
  WHERE u.room_id = $1 AND u.seq <= $2 AND u.seq > coalesce((SELECT seq FROM base), 0)
  ORDER BY 1, 2`

/** Moves the beginning of the history on to $2, if it was at $3 and that row is still of batch $4. */
export const BEGIN_HISTORY = `
  UPDATE scriptorium.room SET history_seq = $2
  WHERE room_id = $1 AND history_seq = $3 AND snapshot_seq >= $2 AND deleted_at IS NULL
    AND EXISTS (SELECT FROM scriptorium.update u WHERE u.room_id = $1 AND u.seq = $2 AND u.batch = $4::uuid)
  RETURNING room_id`

export const DROP_ROWS = `
  DELETE FROM scriptorium.update WHERE room_id = $1 AND seq <= $2 RETURNING octet_length(data) AS bytes`

export const DROP_SNAPSHOTS = `
  DELETE FROM scriptorium.snapshot WHERE room_id = $1 AND seq < $2`

/** Pages whose time has come, the longest due first. */
export const DUE = `
  SELECT room_id FROM scriptorium.room
  WHERE tend_at <= clock_timestamp() AND deleted_at IS NULL
  ORDER BY tend_at LIMIT $1`

/** Takes one of these, unless another process was first. */
export const CLAIM = `
  UPDATE scriptorium.room SET tend_at = statement_timestamp() + interval '1 hour'
  WHERE room_id = $1 AND tend_at <= statement_timestamp() AND deleted_at IS NULL
  RETURNING room_id`

/** When a page is looked after next: a day from now while there are rows that age will change, else never. */
export const TENDED = `
  UPDATE scriptorium.room SET tend_at = (
    SELECT statement_timestamp() + interval '1 day' WHERE EXISTS (
      SELECT FROM scriptorium.update u
      WHERE u.room_id = $1 AND u.seq <= room.snapshot_seq
        AND ($3 OR u.at > statement_timestamp() - ($2::float8 + 1) * interval '1 day')
    ))
  WHERE room_id = $1`

/** Pages to go through after $1, in order. $2 story, $3 page, $4 days without an edit; each may be null. */
export const PAGES = `
  SELECT room_id FROM scriptorium.room
  WHERE room_id > $1 AND deleted_at IS NULL
    AND ($2::text IS NULL OR story = $2) AND ($3::text IS NULL OR page = $3)
    AND ($4::float8 IS NULL OR updated_at < clock_timestamp() - $4 * interval '1 day')
  ORDER BY room_id LIMIT $5`

/** What a page takes: rows and bytes of the log, snapshots and their bytes. */
export const MEASURE = `
  SELECT room.seq, room.snapshot_seq, room.history_seq,
    (SELECT count(*) FROM scriptorium.update u WHERE u.room_id = $1) AS rows,
    (SELECT coalesce(sum(octet_length(u.data)), 0)::bigint FROM scriptorium.update u WHERE u.room_id = $1) AS row_bytes,
    (SELECT count(*) FROM scriptorium.snapshot s WHERE s.room_id = $1) AS snapshots,
    (SELECT coalesce(sum(octet_length(s.data)), 0)::bigint FROM scriptorium.snapshot s WHERE s.room_id = $1) AS snapshot_bytes
  FROM scriptorium.room WHERE room.room_id = $1`

/** All that is kept of a page up to its snapshot: the state that the history begins with, its rows, and the snapshot. */
export const WHOLE_HISTORY = `
  SELECT CASE WHEN s.seq = room.snapshot_seq THEN 'snapshot' ELSE 'base' END AS what, s.seq, -1 AS part, s.seq AS first_seq,
         s.data, s.hash, s.state_vector, s.deletes
  FROM scriptorium.room JOIN scriptorium.snapshot s
    ON s.room_id = room.room_id AND s.seq IN (room.snapshot_seq, room.history_seq)
  WHERE room.room_id = $1
  UNION ALL
  SELECT 'row', u.seq, u.part, coalesce(u.first_seq, u.seq), u.data, NULL, NULL, NULL
  FROM scriptorium.room JOIN scriptorium.update u ON u.room_id = room.room_id
  WHERE room.room_id = $1 AND u.seq > room.history_seq AND u.seq <= room.snapshot_seq
  ORDER BY seq, part`

/** Whether rows of a page were set aside. */
export const HAS_QUARANTINE = `
  SELECT count(*) AS rows FROM scriptorium.quarantine WHERE room_id = $1`

/** A row where a page was written to, and not deleted. */
export const HAS_ROWS = `
  SELECT seq FROM scriptorium.room WHERE room_id = $1 AND seq > 0 AND deleted_at IS NULL`

/** The head of a page and its rows above the snapshot, in order; a page without such rows gives one without data. */
export const TAIL_ROWS = `
  SELECT room.seq AS room_seq, room.snapshot_seq, room.history_seq, room.epoch,
         u.seq, coalesce(u.first_seq, u.seq) AS first_seq, u.part, u.data
  FROM scriptorium.room LEFT JOIN scriptorium.update u ON u.room_id = room.room_id AND u.seq > room.snapshot_seq
  WHERE room.room_id = $1 AND room.deleted_at IS NULL
  ORDER BY u.seq, u.part`

export const SNAPSHOT = `
  SELECT seq, data, hash, state_vector, deletes FROM scriptorium.snapshot WHERE room_id = $1 AND seq = $2`

/** Snapshots below $2, the newest first. */
export const OLDER_SNAPSHOTS = `
  SELECT seq, data, hash FROM scriptorium.snapshot WHERE room_id = $1 AND seq < $2 ORDER BY seq DESC`

/** Rows above $2 up to $3, in order. */
export const ROWS_BETWEEN = `
  SELECT seq, coalesce(first_seq, seq) AS first_seq, data FROM scriptorium.update
  WHERE room_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq, part`

/** A page whose head did not move since it was looked at. $2 snapshot_seq, $3 epoch, $4 the hash of that snapshot, if it is there. */
export const LOCK_UNMOVED = `
  SELECT room_id FROM scriptorium.room
  WHERE room_id = $1 AND snapshot_seq = $2 AND epoch = $3 AND deleted_at IS NULL
    AND (SELECT s.hash FROM scriptorium.snapshot s WHERE s.room_id = $1 AND s.seq = $2) IS NOT DISTINCT FROM $4::bytea
  FOR UPDATE`

/** Raises a page to its last row. */
export const RAISE_SEQ = `
  UPDATE scriptorium.room SET seq = last.seq, updated_at = last.at
  FROM (SELECT u.seq, u.at FROM scriptorium.update u WHERE u.room_id = $1 ORDER BY u.seq DESC LIMIT 1) AS last
  WHERE room_id = $1 AND room.seq < last.seq`

/** Rows of pages that do not exist, by table. */
export const ORPHANS = `
  SELECT 'update' AS kind, room_id, count(*) AS rows FROM scriptorium.update u
  WHERE NOT EXISTS (SELECT FROM scriptorium.room WHERE room.room_id = u.room_id) GROUP BY room_id
  UNION ALL
  SELECT 'snapshot', room_id, count(*) FROM scriptorium.snapshot s
  WHERE NOT EXISTS (SELECT FROM scriptorium.room WHERE room.room_id = s.room_id) GROUP BY room_id
  UNION ALL
  SELECT 'writer', room_id, count(*) FROM scriptorium.writer w
  WHERE NOT EXISTS (SELECT FROM scriptorium.room WHERE room.room_id = w.room_id) GROUP BY room_id
  ORDER BY 1, 2`
