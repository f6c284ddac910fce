/** The SQL of whole stories. */

import { MICROS } from '../../database/port.ts'

/** Stories that have pages, by name. $1 after which name, $2 how many. The story's own document is not one of its pages. */
export const STORIES = `
  SELECT story, (count(*) FILTER (WHERE page <> '_story'))::int AS pages, sum(bytes)::bigint AS bytes,
    max(updated_at) AS "lastEdit", coalesce(max(${MICROS('updated_at')}) FILTER (WHERE page = '_story'), 0) AS "outlineAt"
  FROM scriptorium.room
  WHERE seq > 0 AND deleted_at IS NULL AND story > $1
  GROUP BY story ORDER BY story LIMIT $2`

/** The pages of several stories. */
export const PAGES_OF = `
  SELECT story, page, bytes, updated_at AS "lastEdit" FROM scriptorium.room
  WHERE story = ANY($1::text[]) AND seq > 0 AND deleted_at IS NULL`

/** The pages of a story. $2 whether those that were deleted (and can come back) too. */
export const PAGES = `
  SELECT room_id AS "roomId", page, bytes, seq AS updates, updated_at AS "lastEdit", deleted_at AS "deletedAt"
  FROM scriptorium.room
  WHERE story = $1 AND seq > 0 AND erased_at IS NULL AND ($2 OR deleted_at IS NULL)
  ORDER BY page`

/** How far each page of a story had come, in one statement, so at one moment. $2 a time, or null: now. Pages deleted since are there. */
export const HEADS = `
  SELECT room_id AS "roomId", page, seq FROM (
    SELECT room_id, page, CASE WHEN $2::timestamptz IS NULL THEN room.seq ELSE (
        SELECT u.seq FROM scriptorium.update u
        WHERE u.room_id = room.room_id AND date_trunc('milliseconds', u.at) <= $2::timestamptz
        ORDER BY u.seq DESC LIMIT 1) END AS seq
    FROM scriptorium.room
    WHERE story = $1 AND erased_at IS NULL AND (deleted_at IS NULL OR deleted_at > $2::timestamptz)
  ) AS heads
  WHERE seq > 0 ORDER BY room_id`

export const KEEP_STORY_VERSION = `
  INSERT INTO scriptorium.story_version (story, id, kind, label, author) VALUES ($1, $2::uuid, $3, $4, $5)
  RETURNING at`

export const STORY_VERSIONS = `
  SELECT id, kind, label, author, at FROM scriptorium.story_version WHERE story = $1 ORDER BY at DESC, id`

/** The pages of a story's version. */
export const STORY_VERSION = `
  SELECT v.room_id AS "roomId", v.id AS version
  FROM scriptorium.story_version s
  JOIN scriptorium.room r ON r.story = s.story
  JOIN scriptorium.version v ON v.room_id = r.room_id AND v.story_version = s.id
  WHERE s.story = $1 AND s.id = $2::uuid ORDER BY v.room_id`
