/** What a process has to do with the others that serve from its database: who has which page, and how it gets there. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { NodeConfig } from '../config-nodes.ts'
import type { Database } from '../database/port.ts'
import type { Clock, Counters, Logger, Random } from '../ports.ts'
import { Homing } from './homing.ts'
import { Nodes } from './nodes.ts'
import type { Parent } from './parent.ts'
import { Pipes } from './pipes.ts'
import { Placement } from './placement.ts'
import { provenClient } from './proof.ts'
import { roomOf } from './target.ts'

export interface ClusterParts {
  /** UUID of this process. */
  readonly nodeId: string
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  readonly node: NodeConfig | null
  readonly parent: Parent | null
}

/** The slice of all sockets that is needed. */
export interface Held<Socket> {
  byRoom(): ReadonlyMap<string, readonly Socket[]>
  sendBack(sockets: readonly Socket[], text: string): void
}

export class Cluster {
  readonly nodes: Nodes
  readonly #parts: ClusterParts
  readonly #placement: Placement
  readonly #pipes: Pipes | null
  #look: () => void = () => undefined
  #stop: () => void = () => undefined

  private constructor(parts: ClusterParts, nodes: Nodes) {
    const { node, parent } = parts
    this.#parts = parts
    this.nodes = nodes
    this.#placement = new Placement({ nodes, isAddressable: node !== null, worker: parent })
    this.#pipes = node === null ? null : new Pipes({ ...parts, secret: node.secret })
  }

  /** Makes this process known, and resolves once every other has noticed: then it may serve. @throws DatabaseError */
  static async join(parts: ClusterParts): Promise<Cluster> {
    return new Cluster(parts, await Nodes.announce(parts))
  }

  /** Sockets passed on to other nodes. */
  get pipes(): number {
    return this.#pipes?.open ?? 0
  }

  /**
   * Lets pages come to this process, which serves by now, and sends sockets to where their page is served whenever that
   * is elsewhere.
   */
  async attend<Socket>(sockets: Held<Socket>): Promise<void> {
    const { parent } = this.#parts
    const homing = new Homing<Socket>({
      ...this.#parts,
      homeOf: (roomId) => this.#placement.homeOf(roomId),
      byRoom: () => sockets.byRoom(),
      sendBack: (some) => sockets.sendBack(some, 'the page is served elsewhere now'),
      answers: (url) => this.#pipes?.answers(url) ?? Promise.resolve(false),
    })
    this.#stop = () => homing.close()
    this.#look = () => {
      // With nobody else there is nowhere else.
      if (parent !== null || !this.nodes.alone) homing.look()
    }
    this.nodes.onChange(() => {
      this.#pipes?.cut((url) => this.#placement.lives(url))
      this.#look()
    })
    parent?.onLive(() => {
      void this.#enter()
      this.#look()
    })
    if (parent === null) await this.#enter()
    this.#look()
  }

  async #enter(): Promise<void> {
    if (this.#parts.node !== null) await this.nodes.enter(this.#parts.node.url)
  }

  /** See Elsewhere of upgrade.ts. */
  clientOf(request: IncomingMessage): { readonly client: string } | 'forged' | null {
    return provenClient(this.#parts.node?.secret ?? null, request, this.#parts.clock.now())
  }

  /** See Elsewhere of upgrade.ts. */
  async pass(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<boolean> {
    const roomId = roomOf(request.url ?? '')
    const home = roomId === null ? 'here' : this.#placement.homeOf(roomId)
    if (typeof home === 'string' || this.#pipes === null) return false
    const isPassed = await this.#pipes.pass(home.url, request, socket, head, address)
    if (!isPassed) this.#look()
    return isPassed
  }

  /** Leaves the set of those who get pages. @returns whether others are there that stay */
  drain(): Promise<boolean> {
    this.#stop()
    return this.nodes.drain()
  }

  /** Cuts what was passed on, one after another over `spreadMs`. */
  async closePipes(spreadMs: number): Promise<void> {
    await this.#pipes?.close(spreadMs)
  }

  /** Says that this process serves no longer. */
  async leave(): Promise<void> {
    this.#stop()
    await this.closePipes(0)
    await this.nodes.leave()
  }
}
