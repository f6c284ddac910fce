/** The processes that serve from one database: each announces itself and beats, by the database's clock. */
import type { Database } from '../database/port.ts'
import type { Clock, Logger } from '../ports.ts'

export interface NodesParts {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  /** UUID of this process. */
  readonly nodeId: string
}

const BEAT_MS = 5000

/** $1 node_id. A node that has not been heard of for an hour is forgotten. */
const BEAT = `
  WITH forgotten AS (
    DELETE FROM scriptorium.node WHERE heartbeat_at < clock_timestamp() - interval '1 hour' AND node_id <> $1
  )
  INSERT INTO scriptorium.node (node_id) VALUES ($1)
  ON CONFLICT (node_id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`

const OTHERS = `
  SELECT count(*)::int AS others FROM scriptorium.node
  WHERE node_id <> $1 AND heartbeat_at > clock_timestamp() - interval '15 seconds'`

const LEAVE = 'DELETE FROM scriptorium.node WHERE node_id = $1'

/** A process that is alone looks this often whether it still is; the next to come waits a little longer. */
export const LOOK_MS = 1000
const NOTICED_MS = 1200

export class Nodes {
  readonly #parts: NodesParts
  #beatAt: number
  #alone = false
  readonly #onCompany: (() => void)[] = []

  private constructor(parts: NodesParts) {
    this.#parts = parts
    this.#beatAt = parts.clock.now()
  }

  /** Makes this process known, and resolves once every other has noticed: then it may serve. @throws DatabaseError */
  static async announce(parts: NodesParts): Promise<Nodes> {
    await parts.database.query(BEAT, [parts.nodeId])
    const nodes = new Nodes(parts)
    if (!(await nodes.isAlone())) await new Promise<void>((resolve) => parts.clock.after(NOTICED_MS, resolve))
    return nodes
  }

  /** Whether no other process served from this database when last looked. */
  get alone(): boolean {
    return this.#alone
  }

  /** Calls `task` each time a process that was alone no longer is. */
  onCompany(task: () => void): void {
    this.#onCompany.push(task)
  }

  /** Looks whether no other process serves from this database now; beats when it is time. @throws DatabaseError */
  async isAlone(): Promise<boolean> {
    const { database, clock, nodeId } = this.#parts
    const now = clock.now()
    if (now - this.#beatAt >= BEAT_MS) {
      await database.query(BEAT, [nodeId])
      this.#beatAt = now
    }
    const [row] = await database.query<{ others: number }>(OTHERS, [nodeId])
    const wasAlone = this.#alone
    this.#alone = row?.others === 0
    if (wasAlone && !this.#alone) for (const task of this.#onCompany) task()
    return this.#alone
  }

  /** Says that this process serves no longer. */
  async leave(): Promise<void> {
    try {
      await this.#parts.database.query(LEAVE, [this.#parts.nodeId])
    } catch (error) {
      // Its heartbeat ends, which says the same a little later.
      this.#parts.logger.debug({ error: String(error) }, 'the node could not take its leave')
    }
  }
}
