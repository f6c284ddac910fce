/**
 * What waits: all of the document that the service has not said to be committed. Derived from the state vector and the
 * deletes, so that a lost answer, a reconnect or a reload cannot make it wrong.
 */
import * as Y from 'yjs'
import type { Saved } from './state.ts'

/** What is known to be committed, as it is kept on a device. */
export interface Acknowledged {
  readonly stateVector: Uint8Array
  /** How many ids were deleted: deletes are never taken back, so an equal number is an equal set. */
  readonly deleted: number
  /** Number of the page's last change then, and which change that was, where they were told. */
  readonly seq?: number
  readonly row?: string
}

/** What a numbered message carries. */
interface Carried {
  n: number
  readonly since: number
  /** Clocks by client, from and to. */
  readonly written: Map<number, readonly [from: number, to: number]>
  readonly deletes: Y.Transaction['deleteSet'][]
}

/** Not sent on this socket. */
const UNSENT = Number.POSITIVE_INFINITY
/** Past this many messages the newest are looked at as one. */
const MOST_MESSAGES = 1000

type Deletes = Y.Transaction['deleteSet']

const lengthOf = (sets: readonly Deletes[]): number => {
  if (sets.length === 0) return 0
  let length = 0
  for (const ranges of Y.mergeDeleteSets([...sets]).clients.values()) for (const range of ranges) length += range.len
  return length
}

/** Calls `look` with each client's clock. Once for every keystroke: no lists are made. */
const eachClock = (doc: Y.Doc, look: (client: number, clock: number) => void): void => {
  doc.store.clients.forEach((_, client) => {
    look(client, Y.getState(doc.store, client))
  })
}

/** Calls `look` with the clocks that a transaction moved. */
const eachMove = (
  { beforeState, afterState }: Y.Transaction,
  look: (client: number, from: number, to: number) => void,
): void => {
  afterState.forEach((to, client) => {
    const from = beforeState.get(client) ?? 0
    if (to > from) look(client, from, to)
  })
}

/** How many ids of a document are deleted. */
const deletedIn = (doc: Y.Doc): number => lengthOf([Y.createDeleteSetFromStructStore(doc.store)])

export class Waiting {
  readonly #doc: Y.Doc
  readonly #now: () => number
  /** Clocks below which all is committed, or came from the service. */
  #base = new Map<number, number>()
  /** What is committed, or came from the service, above clocks that are not. */
  readonly #beyond = new Map<number, [from: number, to: number][]>()
  /** What was sent and is not settled, in order, and last what was not sent. */
  #carried: Carried[] = []
  /** Deletes that were there when the page was opened and are not known to be committed. */
  #olderDeletes = 0
  #since: number | null = null
  /** The message that last carried all that the service lacked. */
  #all: number | null = null

  constructor(doc: Y.Doc, now: () => number) {
    this.#doc = doc
    this.#now = now
  }

  /** The document was filled from this device. @param known null: nothing of it is known to be committed */
  opened(known: Acknowledged | null): void {
    const clocks = known === null ? new Map<number, number>() : Y.decodeStateVector(known.stateVector)
    for (const [client, clock] of clocks) this.#base.set(client, Math.max(clock, this.#base.get(client) ?? 0))
    this.#olderDeletes = Math.max(0, deletedIn(this.#doc) - (known?.deleted ?? 0))
    this.#carried = []
  }

  /** The service sent this transaction's changes: they are not ours to save. */
  heard(transaction: Y.Transaction): void {
    eachMove(transaction, (client, from, to) => this.#raise(client, from, to))
  }

  /** This transaction changed the document here. @param n the message that carries it; null: none yet */
  wrote(transaction: Y.Transaction, n: number | null): void {
    const written: Carried['written'] = new Map()
    eachMove(transaction, (client, from, to) => written.set(client, [from, to]))
    const deletes = transaction.deleteSet.clients.size === 0 ? [] : [transaction.deleteSet]
    this.#add({ n: n ?? UNSENT, since: this.#now(), written, deletes })
  }

  /** A new socket: nothing was sent on it, and the service holds what it says and no more. */
  restarted(held: ReadonlyMap<number, number>): void {
    for (const [client, clock] of this.#base) this.#base.set(client, Math.min(clock, held.get(client) ?? 0))
    this.#beyond.clear()
    this.unsent()
  }

  /** Whatever was sent is to be sent again. */
  unsent(): void {
    const all = this.#carried.splice(0)
    for (const each of all) this.#add({ ...each, n: UNSENT })
  }

  /** Message `n` carries all that the service lacks. */
  sentAll(n: number): void {
    this.unsent()
    const deletes = this.#carried.flatMap((each) => each.deletes)
    const since = this.#carried[0]?.since ?? this.#now()
    const written: Carried['written'] = new Map()
    // From the first: the answer waits for whatever it rests on.
    eachClock(this.#doc, (client, clock) => written.set(client, [0, clock]))
    this.#carried = [{ n, since, written, deletes }]
    this.#all = n
  }

  /** All messages up to `n` are settled, and those in `refused` were not stored. */
  settled(n: number, refused: ReadonlySet<number>): void {
    const settled = this.#carried.filter((each) => each.n <= n)
    this.#carried = this.#carried.filter((each) => each.n > n)
    for (const each of settled) {
      if (refused.has(each.n)) this.#carried.push({ ...each, n: UNSENT })
      else this.#commit(each)
    }
    if (this.#all !== null && this.#all <= n) {
      if (!refused.has(this.#all)) this.#olderDeletes = 0
      this.#all = null
    }
  }

  /** @param isSending whether what is not settled is on its way */
  saved(isSending: boolean): Saved {
    const count = this.#count()
    if (count === 0) {
      this.#since = null
      return { state: 'saved', count, ageMs: 0 }
    }
    const now = this.#now()
    this.#since = this.#carried[0]?.since ?? this.#since ?? now
    const isSent = isSending && this.#carried.length > 0 && this.#carried.every((each) => each.n !== UNSENT)
    return { state: isSent ? 'sent' : 'on this device', count, ageMs: Math.max(0, Math.round(now - this.#since)) }
  }

  get isEmpty(): boolean {
    return this.#count() === 0
  }

  /** What is known to be committed, to be kept on the device; null while something waits. */
  acknowledged(): Acknowledged | null {
    if (!this.isEmpty) return null
    return { stateVector: Y.encodeStateVector(this.#doc), deleted: deletedIn(this.#doc) }
  }

  /** State vector from which on everything waits. */
  base(): Uint8Array {
    return Y.encodeStateVector(new Map(this.#base))
  }

  #count(): number {
    let count = this.#olderDeletes
    eachClock(this.#doc, (client, clock) => {
      count += Math.max(0, clock - (this.#base.get(client) ?? 0))
    })
    return this.#carried.length === 0 ? count : count + lengthOf(this.#carried.flatMap((each) => each.deletes))
  }

  #commit({ written }: Carried): void {
    for (const [client, [from, to]] of written) this.#raise(client, from, to)
  }

  /** Nothing is known of what lies between: what does not join on counts when that is committed too. */
  #raise(client: number, from: number, to: number): void {
    const base = this.#base.get(client) ?? 0
    if (to <= base) return
    if (from > base) {
      const ranges = this.#beyond.get(client) ?? []
      const last = ranges[ranges.length - 1]
      if (last !== undefined && last[0] <= from && from <= last[1]) last[1] = Math.max(to, last[1])
      else ranges.push([from, to])
      this.#beyond.set(client, ranges)
      return
    }
    this.#base.set(client, to)
    const ranges = this.#beyond.get(client)
    if (ranges === undefined) return
    this.#beyond.delete(client)
    for (const [later, end] of ranges.sort(([one], [other]) => one - other)) this.#raise(client, later, end)
  }

  #add(each: Carried): void {
    const last = this.#carried[this.#carried.length - 1]
    const isOver = this.#carried.length >= MOST_MESSAGES
    if (last === undefined || !(last.n === each.n || isOver)) {
      this.#carried.push(each)
      return
    }
    last.n = each.n
    for (const [client, [from, to]] of each.written) {
      last.written.set(client, [Math.min(from, last.written.get(client)?.[0] ?? from), to])
    }
    if (each.deletes.length === 0) return
    const merged = Y.mergeDeleteSets([...last.deletes, ...each.deletes])
    last.deletes.splice(0, last.deletes.length, merged)
  }
}
