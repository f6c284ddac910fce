/** Nodes that know of each other, and people who type there. */
import { expect } from 'vitest'
import { Doc, encodeStateAsUpdate } from 'yjs'
import { highest } from '../../server/cluster/rendezvous.ts'
import { membersHere } from '../support/members.ts'
import { metric } from '../support/metrics.ts'
import { freePort } from '../support/postgres.ts'
import type { Random } from '../support/random.ts'
import { AT_FULL_SPEED, type Service, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'

export const NODE_SECRET = 'a secret of all nodes, long enough'
/** Pages that people type on. */
export const ROOMS = Array.from({ length: isFull ? 60 : 12 }, (_, index) => `book/page-${index}`)

/** Starts nodes that know of each other, at fixed addresses. */
export class Nodes {
  readonly addresses: readonly string[]
  readonly services: Service[] = []
  readonly #store: Store
  readonly #env: Record<string, string>

  private constructor(store: Store, addresses: readonly string[], env: Record<string, string>) {
    this.#store = store
    this.addresses = addresses
    this.#env = env
  }

  static async start(count: number, env: Record<string, string> = {}): Promise<Nodes> {
    const ports = await Promise.all(Array.from({ length: count }, () => freePort()))
    const addresses = ports.map((port) => `http://127.0.0.1:${port}`)
    const nodes = new Nodes(await anyPostgres().open(), addresses, env)
    await Promise.all(addresses.map((_, index) => nodes.startOne(index)))
    return nodes
  }

  async startOne(index: number): Promise<void> {
    const address = this.addresses[index] ?? ''
    this.services[index] = await startService({
      ...this.#store.env,
      ...AT_FULL_SPEED,
      PORT: new URL(address).port,
      NODE_URL: address,
      NODE_SECRET,
      MAX_USER_SOCKETS: '0',
      MAX_USER_PAGES: '0',
      ...this.#env,
    })
  }

  ownerOf(room: string): number {
    return this.addresses.indexOf(highest(room, this.addresses) ?? '')
  }

  async sum(name: string): Promise<number> {
    const values = await Promise.all(this.services.map(({ address }) => metric(address, name)))
    return values.reduce((sum, value) => sum + value, 0)
  }

  /** For each page the members at each node. */
  async members(): Promise<Map<string, number[]>> {
    const each = await Promise.all(this.addresses.map((address) => membersHere(address, 'book')))
    const found = new Map<string, number[]>()
    for (const [node, members] of each.entries()) {
      for (const [room, count] of members) {
        const counts = found.get(room) ?? this.addresses.map(() => 0)
        counts[node] = count
        found.set(room, counts)
      }
    }
    return found
  }

  /** Writes to a page, so that it exists. */
  async create(room: string): Promise<void> {
    const [story = '', page = ''] = room.split('/')
    const doc = new Doc()
    doc.getText('text').insert(0, 'here')
    const response = await fetch(`${this.addresses[0]}/api/v1/stories/${story}/pages/${page}/updates`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>,
    })
    expect(response.ok).toBe(true)
  }

  /** Waits until everybody is where their page belongs. */
  async home(): Promise<void> {
    await until(
      'every page to be served by its owner alone',
      async () => {
        const members = [...(await this.members())]
        return (
          members.every(([room, counts]) => {
            const elsewhere = counts.filter((count, node) => count > 0 && node !== this.ownerOf(room))
            return elsewhere.length === 0 && (!ROOMS.includes(room) || (counts[this.ownerOf(room)] ?? 0) > 0)
          }) && ROOMS.every((room) => members.some(([open]) => open === room))
        )
      },
      { withinMs: 60_000 },
    )
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()))
  }
}

/** Three people type on each page, and come back whenever they are cut off. */
export const typing = (collab: string, rooms: readonly string[], random: Random): Typists => {
  const typists = new Typists(
    collab,
    rooms.flatMap((room) => [room, room, room]),
  )
  typists.connect(collab)
  typists.stayConnected()
  typists.start(random)
  return typists
}

/** Waits until so many more edits are acknowledged. */
export const moreThan = (typists: Typists, more: number) => {
  const wanted = typists.acknowledgedCount + more
  return until('more edits to be acknowledged', () => typists.acknowledgedCount >= wanted)
}
