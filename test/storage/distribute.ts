/** Tables as a PostgreSQL that is distributed by room_id has them, on one server, and what statements touch there. */
import type { Database } from '../../server/database/port.ts'

const PARTS = 4

type Values = Parameters<Database['query']>[1]
export interface Asked {
  readonly text: string
  readonly values: Values
}

/** Puts tables in parts, by the hash of room_id. */
export const distribute = async (database: Database, tables: readonly string[]): Promise<void> => {
  for (const table of tables) {
    const parts = Array.from(
      { length: PARTS },
      (_, n) =>
        `CREATE TABLE scriptorium.${table}_p${n} PARTITION OF scriptorium.${table} FOR VALUES WITH (MODULUS ${PARTS}, REMAINDER ${n});`,
    )
    await database.script(`
      ALTER TABLE scriptorium.${table} RENAME TO ${table}_whole;
      CREATE TABLE scriptorium.${table} (LIKE scriptorium.${table}_whole INCLUDING ALL) PARTITION BY HASH (room_id);
      ${parts.join('\n')}
      DROP TABLE scriptorium.${table}_whole;`)
  }
}

/** A database that notes what it is asked. */
export const watched = (database: Database, asked: Asked[]): Database => {
  const query: Database['query'] = (text, values) => {
    asked.push({ text, values })
    return database.query(text, values)
  }
  return {
    kind: database.kind,
    query,
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          query: (text, values) => {
            asked.push({ text, values })
            return tx.query(text, values)
          },
        }),
      ),
    script: (text) => database.script(text),
    close: () => database.close(),
  }
}

/** The parts that a statement looks at, as it is planned with its values. */
export const partsOf = async (database: Database, { text, values }: Asked): Promise<Set<string>> => {
  const rows = await database.query<Record<string, unknown>>(`EXPLAIN (FORMAT JSON) ${text}`, values)
  const plan = JSON.stringify(rows)
  return new Set([...plan.matchAll(/Relation Name\\?":\s*\\?"\w+_p(\d)/g)].map((match) => match[1] ?? ''))
}
