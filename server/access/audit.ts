/** The audit: every managing act, who did it, and when. */
import type { Act } from '../access.ts'
import type { Query } from '../database/port.ts'
import type { Random } from '../ports.ts'

export interface Audited extends Act {
  readonly at: Date
}

export interface AuditPage {
  /** Only what is older. */
  readonly before: Date | null
  readonly limit: number
}

const WRITE = `
  INSERT INTO scriptorium.audit (id, author, act, story, page, about, detail)
  VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb)`

const ADD = `UPDATE scriptorium.audit SET detail = coalesce(detail, '{}'::jsonb) || $2::text::jsonb WHERE id = $1::uuid`

const LIST = `
  SELECT at, author, act, story, page, about, detail::text AS detail FROM scriptorium.audit
  WHERE $1::text IS NULL OR at < $1::text::timestamptz
  ORDER BY at DESC LIMIT $2`

export class Audit {
  readonly #database: Query
  readonly #random: Random

  constructor(database: Query, random: Random) {
    this.#database = database
    this.#random = random
  }

  /** Notes an act. @returns its id @throws DatabaseError */
  async note({ author, act, story, page, about, detail }: Act): Promise<string> {
    const json = detail === null ? null : JSON.stringify(detail)
    const id = this.#random.uuid()
    await this.#database.query(WRITE, [id, author, act, story, page, about, json])
    return id
  }

  /** Adds to what was noted of an act: it did not come to what was asked. @throws DatabaseError */
  async add(id: string, detail: NonNullable<Act['detail']>): Promise<void> {
    await this.#database.query(ADD, [id, JSON.stringify(detail)])
  }

  /** Acts, the newest first. @throws DatabaseError */
  async list({ before, limit }: AuditPage): Promise<Audited[]> {
    const rows = await this.#database.query<Audited & { detail: string | null }>(LIST, [
      before?.toISOString() ?? null,
      limit,
    ])
    return rows.map((row) => ({ ...row, detail: row.detail === null ? null : JSON.parse(row.detail) }))
  }
}
