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

/** Another process that lives. */
export interface OtherNode {
  readonly url: string | null
  /** What it speaks to other nodes. */
  readonly version: number
  /** Whether it is about to leave. */
  readonly draining: boolean
}

/** Raised when nodes say other things to each other, or come to other owners: those of two versions pass nothing on. */
export const VERSION = 1

const BEAT_MS = 5000

/** $1 node_id, $2 url, $3 version, $4 draining. A node that has not been heard of for an hour is forgotten. */
const BEAT = `
  WITH forgotten AS (
    DELETE FROM scriptorium.node WHERE heartbeat_at < clock_timestamp() - interval '1 hour' AND node_id <> $1
  )
  INSERT INTO scriptorium.node (node_id, url, version, draining) VALUES ($1, $2, $3, $4)
  ON CONFLICT (node_id) DO UPDATE
  SET heartbeat_at = excluded.heartbeat_at, url = excluded.url, draining = excluded.draining`

const OTHERS = `
  SELECT url, version, draining FROM scriptorium.node
  WHERE node_id <> $1 AND heartbeat_at > clock_timestamp() - interval '15 seconds'
  ORDER BY node_id`

const LEAVE = 'DELETE FROM scriptorium.node WHERE node_id = $1'

/** A process that is alone looks this often whether it still is; the next to come waits a little longer. */
export const LOOK_MS = 1000
const NOTICED_MS = 1200

export class Nodes {
  readonly #parts: NodesParts
  #beatAt: number
  #others: readonly OtherNode[] | null = null
  #url: string | null = null
  #draining = false
  readonly #onCompany: (() => void)[] = []
  #onChange: () => void = () => undefined

  private constructor(parts: NodesParts) {
    this.#parts = parts
    this.#beatAt = parts.clock.now()
  }

  /** Makes this process known, and resolves once every other has noticed: then it may serve. @throws DatabaseError */
  static async announce(parts: NodesParts): Promise<Nodes> {
    const nodes = new Nodes(parts)
    await nodes.#beat()
    if (!(await nodes.isAlone())) await nodes.#noticed()
    return nodes
  }

  /** Whether no other process served from this database when last looked. */
  get alone(): boolean {
    return this.#others?.length === 0
  }

  /** The other processes when last looked. */
  get others(): readonly OtherNode[] {
    return this.#others ?? []
  }

  /** Where others reach this one, while pages may come to it; null: nowhere. */
  get url(): string | null {
    return this.#draining ? null : this.#url
  }

  /** From now on pages may come to this process, at `url`. */
  async enter(url: string): Promise<void> {
    if (this.#url === url) return
    this.#url = url
    await this.#beat().catch((error: unknown) =>
      this.#parts.logger.debug({ error: String(error) }, 'the database is away; the next beat says where this node is'),
    )
  }

  /** Calls `task` each time a process that was alone no longer is. */
  onCompany(task: () => void): void {
    this.#onCompany.push(task)
  }

  /** Calls `task` each time the others are others than before, this process drains, or something changed within it. */
  onChange(task: () => void): void {
    this.#onChange = task
  }

  /** Looks whether no other process serves from this database now; beats when it is time. @throws DatabaseError */
  async isAlone(): Promise<boolean> {
    const { database, clock, nodeId } = this.#parts
    if (clock.now() - this.#beatAt >= BEAT_MS) await this.#beat()
    const others = await database.query<OtherNode>(OTHERS, [nodeId])
    const wasAlone = this.alone
    const before = JSON.stringify(this.#others)
    this.#others = others
    if (wasAlone && !this.alone) for (const task of this.#onCompany) task()
    if (JSON.stringify(others) !== before) this.#onChange()
    return this.alone
  }

  /**
   * Says that this process is about to leave, and resolves once every other has noticed: no page comes back then.
   * @returns whether others are there that stay
   */
  async drain(): Promise<boolean> {
    this.#draining = true
    this.#onChange()
    if (this.alone) return false
    try {
      await this.#beat()
      await this.#noticed()
      await this.isAlone()
    } catch (error) {
      this.#parts.logger.warn({ error: String(error) }, 'the others could not be told that this node drains')
    }
    return this.others.some(({ draining }) => !draining)
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

  async #beat(): Promise<void> {
    const { database, clock, nodeId } = this.#parts
    const now = clock.now()
    await database.query(BEAT, [nodeId, this.#url, VERSION, this.#draining])
    this.#beatAt = now
  }

  #noticed(): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.after(NOTICED_MS, resolve))
  }
}
