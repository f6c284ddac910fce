/**
 * What one process asks all that serve from the database, whatever channel they have: the question is a row, a change of
 * rights that everybody reads is the bell, and answers are rows too. Who does not answer in time is counted.
 */
import type { Query } from '../database/port.ts'
import type { Clock, Random } from '../ports.ts'

export interface QuestionsParts<Asked, Said> {
  readonly database: Query
  readonly clock: Clock
  readonly random: Random
  /** Id of this process. */
  readonly nodeId: string
  /** Whether no other process serves from this database. */
  readonly isAlone: () => boolean
  /** Has every process call `reply` soon. @throws DatabaseError */
  readonly ring: () => Promise<void>
  /** What this process says, or does and tells of. */
  readonly answer: (asked: Asked) => Said
}

export interface Answers<Said> {
  readonly here: Said
  readonly elsewhere: readonly Said[]
  /** Processes that did not answer in time. */
  readonly silent: number
}

const PATIENCE_MS = 2000
const LOOK_MS = 40

const ASK = 'INSERT INTO scriptorium.question (id, asker, asked) VALUES ($1::uuid, $2::uuid, $3::text::jsonb)'

/** What is asked of this process. Of somebody who asked and died nothing is wanted any more. $1 node_id. */
const OPEN = `
  SELECT id, asked::text AS asked FROM scriptorium.question
  WHERE asker <> $1::uuid AND at > clock_timestamp() - interval '10 seconds'
    AND NOT EXISTS (SELECT FROM scriptorium.question_answer a WHERE a.id = question.id AND a.node_id = $1::uuid)`

const REPLY = `
  INSERT INTO scriptorium.question_answer (id, node_id, said) VALUES ($1::uuid, $2::uuid, $3::text::jsonb)
  ON CONFLICT (id, node_id) DO NOTHING`

/** The others that live, with what they said; null: nothing yet. $1 id, $2 node_id of who asks. */
const ANSWERS = `
  SELECT a.said::text AS said
  FROM scriptorium.node LEFT JOIN scriptorium.question_answer a ON a.id = $1::uuid AND a.node_id = node.node_id
  WHERE node.node_id <> $2::uuid AND node.heartbeat_at > clock_timestamp() - interval '15 seconds'`

/** Together with what others left who died. */
const FORGET_ANSWERS = `
  DELETE FROM scriptorium.question_answer WHERE id = $1::uuid
    OR id IN (SELECT id FROM scriptorium.question WHERE at < clock_timestamp() - interval '1 minute')`
const FORGET = `
  DELETE FROM scriptorium.question WHERE id = $1::uuid OR at < clock_timestamp() - interval '1 minute'`

export class Questions<Asked, Said> {
  readonly #parts: QuestionsParts<Asked, Said>

  constructor(parts: QuestionsParts<Asked, Said>) {
    this.#parts = parts
  }

  /** Asks every process, this one too. @throws DatabaseError */
  async ask(asked: Asked): Promise<Answers<Said>> {
    const { database, random, nodeId, isAlone, ring, answer } = this.#parts
    const here = answer(asked)
    if (isAlone()) return { here, elsewhere: [], silent: 0 }
    const id = random.uuid()
    await database.query(ASK, [id, nodeId, JSON.stringify(asked)])
    try {
      await ring()
      const said = await this.#gather(id)
      const elsewhere = said.filter((text) => text !== null).map((text): Said => JSON.parse(text))
      return { here, elsewhere, silent: said.length - elsewhere.length }
    } finally {
      await database.query(FORGET_ANSWERS, [id])
      await database.query(FORGET, [id])
    }
  }

  /** Answers what others ask. @throws DatabaseError */
  async reply(): Promise<void> {
    const { database, nodeId, answer } = this.#parts
    for (const { id, asked } of await database.query<{ id: string; asked: string }>(OPEN, [nodeId])) {
      await database.query(REPLY, [id, nodeId, JSON.stringify(answer(JSON.parse(asked)))])
    }
  }

  async #gather(id: string): Promise<(string | null)[]> {
    const { database, clock, nodeId } = this.#parts
    const end = clock.elapsed() + PATIENCE_MS
    for (;;) {
      const said = (await database.query<{ said: string | null }>(ANSWERS, [id, nodeId])).map((row) => row.said)
      if (!said.includes(null) || clock.elapsed() > end) return said
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))
    }
  }
}
