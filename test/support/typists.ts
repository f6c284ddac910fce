/** Clients of `scriptorium.v1` that type on a page, each edit with a name of its own, and what of it is kept. */
import { expect, onTestFinished } from 'vitest'
import type * as Y from 'yjs'
import { Client } from './client.ts'
import { untilEqual } from './equal.ts'
import type { Random } from './random.ts'
import { readAfresh } from './stock.ts'
import { turns, until } from './until.ts'

const KEY = 'edits'
const RECONNECT_MS = 150

/** The names of the edits a page holds. */
export const editsIn = (doc: Y.Doc): Set<string> => new Set(doc.getMap(KEY).keys())

export class Typists {
  readonly clients: readonly Client[]
  #isTyping = false
  #typing: Promise<unknown> = Promise.resolve()
  #count = 0
  #reconnecting: NodeJS.Timeout | null = null

  constructor(collab: string, rooms: readonly string[]) {
    this.clients = rooms.map((room) => new Client(collab, room))
  }

  connect(collab: string): void {
    for (const client of this.clients) client.connect(collab)
  }

  /** Everybody types from now on, connected or not, until `stop`. */
  start(random: Random): void {
    this.#isTyping = true
    this.#typing = Promise.all(this.clients.map((client, index) => this.#type(client, index, random)))
  }

  async stop(): Promise<void> {
    this.#isTyping = false
    await this.#typing
  }

  /** Everybody who has lost the socket, or loses it from now on, comes again a moment later, until `disconnect`. */
  stayConnected(): void {
    const seen = new Map(this.clients.map((client) => [client, client.isOpen ? client.closings.length : 0]))
    this.#reconnecting = setInterval(() => {
      for (const client of this.clients) {
        if (client.closings.length === seen.get(client)) continue
        seen.set(client, client.closings.length)
        client.connect()
      }
    }, RECONNECT_MS)
    onTestFinished(() => this.disconnect())
  }

  disconnect(): void {
    if (this.#reconnecting !== null) clearInterval(this.#reconnecting)
    for (const client of this.clients) client.disconnect()
  }

  /** Edits that the service has promised to keep, of all who typed on `room`. */
  acknowledged(room: string): Set<string> {
    const labels = this.clients.filter((client) => client.room === room).map((client) => client.acknowledged)
    return new Set(labels.flatMap((set) => [...set]))
  }

  get acknowledgedCount(): number {
    return this.clients.reduce((sum, client) => sum + client.acknowledged.size, 0)
  }

  async #type(client: Client, index: number, random: Random): Promise<void> {
    while (this.#isTyping) {
      const label = `${index}-${this.#count++}`
      client.edit(label, (doc) => {
        doc.getMap(KEY).set(label, 1)
        const text = doc.getText('text')
        if (text.length > 40 && random.chance(0.4)) text.delete(random.below(text.length - 3), 3)
        else text.insert(random.below(text.length + 1), label)
      })
      await pause(1 + random.below(4))
    }
  }
}

/** Typing has a pace: without it a loop of ten would leave no time for the sockets. */
const pause = async (milliseconds: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  await turns(1)
}

/** What of `promised` is missing from `found`. */
export const missingFrom = (found: ReadonlySet<string>, promised: ReadonlySet<string>): string[] =>
  [...promised].filter((label) => !found.has(label))

/** Ends the typing. All that was acknowledged must be there for whoever comes afresh, and everybody must hold the same. */
export const expectNothingLost = async (typists: Typists, collab: string): Promise<void> => {
  await typists.stop()
  const { clients } = typists
  await until('everything to be settled', () => clients.every((client) => client.isSettled), { withinMs: 60_000 })
  for (const room of new Set(clients.map((client) => client.room))) {
    await untilEqual(clients.filter((client) => client.room === room).map(({ doc }) => doc))
    expect(missingFrom(editsIn(await readAfresh(collab, room)), typists.acknowledged(room))).toEqual([])
  }
}
