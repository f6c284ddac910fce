/** Forgetting a person: their user id becomes an opaque one wherever it stands. What they wrote stays. */
import type { Query } from '../database/port.ts'

/** Columns of ours that hold user ids are called so, in every table; a page of the history may be a table of its own. */
const COLUMNS = `
  SELECT c.table_name AS "table", c.column_name AS "column"
  FROM information_schema.columns c
  JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
  WHERE c.table_schema = 'scriptorium' AND c.column_name IN ('author', 'via', 'about') AND t.table_type = 'BASE TABLE'
  ORDER BY 1, 2`

/**
 * Puts `opaque` in the place of `user` in every row.
 * @returns how many values were replaced
 * @throws DatabaseError; what was replaced before stays so, and the next call goes on
 */
export const forgetPerson = async (database: Query, user: string, opaque: string): Promise<number> => {
  let replaced = 0
  for (const { table, column } of await database.query<{ table: string; column: string }>(COLUMNS)) {
    const rows = await database.query<{ count: number }>(
      `WITH replaced AS (
         UPDATE scriptorium."${table}" SET "${column}" = $2 WHERE "${column}" = $1 RETURNING 1
       ) SELECT count(*)::int AS count FROM replaced`,
      [user, opaque],
    )
    replaced += rows[0]?.count ?? 0
  }
  return replaced
}
