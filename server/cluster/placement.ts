/** Where a room belongs: to the node with the highest hash of its address and the room, and there to one of its workers. */
import { type Nodes, VERSION } from './nodes.ts'
import { highest } from './rendezvous.ts'

export interface PlacementParts {
  readonly nodes: Nodes
  /** Whether others can reach this node; one that cannot be reached serves whatever comes to it. */
  readonly isAddressable: boolean
  /** Of a worker: the name of its slot, and the slots whose workers serve. */
  readonly worker: { readonly slot: string; readonly live: readonly string[] } | null
}

/** `here`; a worker beside this one; or the address of another node. */
export type Home = 'here' | 'beside' | { readonly url: string }

export class Placement {
  readonly #parts: PlacementParts

  constructor(parts: PlacementParts) {
    this.#parts = parts
  }

  homeOf(roomId: string): Home {
    const { nodes, isAddressable, worker } = this.#parts
    const owner = isAddressable ? highest(roomId, this.#addresses()) : null
    if (owner !== null && owner !== nodes.url) return { url: owner }
    if (worker === null || !worker.live.includes(worker.slot)) return 'here'
    return highest(roomId, worker.live) === worker.slot ? 'here' : 'beside'
  }

  /** Whether a node of that address is heard of. */
  lives(url: string): boolean {
    return this.#parts.nodes.others.some((other) => other.url === url)
  }

  /** Addresses of the nodes that stay and speak as this one does. A process that was started anew has that of the old. */
  #addresses(): Set<string> {
    const { nodes } = this.#parts
    const addresses = new Set<string>()
    for (const { url, version, draining } of nodes.others) {
      if (url !== null && version === VERSION && !draining) addresses.add(url)
    }
    if (nodes.url !== null) addresses.add(nodes.url)
    return addresses
  }
}
