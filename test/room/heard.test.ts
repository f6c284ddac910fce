import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { LoggedBatch, Part } from '../../server/log/port.ts'
import { BySender } from '../../server/room/by-sender.ts'
import { Content } from '../../server/room/content.ts'
import { EMPTY_UPDATE, mergeUpdates } from '../../server/room/merge.ts'
import type { StateVector } from '../../server/room/state-vector.ts'
import { randomEdit } from '../support/edits.ts'
import { pageAsText } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { type Random, randomFrom, seededRandom } from '../support/random.ts'
import { isFull } from '../support/size.ts'

const HISTORIES = isFull ? 600 : 40
if (!isFull) leaveOut(`room: ${HISTORIES} histories of heard updates instead of 600: npm run test:full`)
const STEPS = 120
const ROUNDS = 5

/** The rows that all processes share. */
class Rows {
  readonly batches: LoggedBatch[] = []

  append(id: string, parts: readonly Part[]): number {
    const seq = this.batches.length + 1
    this.batches.push({ seq, at: seq, firstSeq: seq, id, parts: parts.map(({ data }) => data) })
    return seq
  }

  fold(): Y.Doc {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, mergeUpdates(this.batches.flatMap(({ parts }) => parts)))
    return doc
  }
}

/** One process: what it holds of the page, and a client who writes there. */
class Process {
  readonly doc = new Y.Doc()
  content = new Content()
  untold = new BySender()
  #seq = 0
  #mark = 0
  #batches = 0
  #hasMember = true
  readonly #name: string
  readonly #rows: Rows

  constructor(name: string, rows: Rows) {
    this.#name = name
    this.#rows = rows
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (this.#hasMember && origin !== this) this.#take(update, 'live')
    })
  }

  /** What others are told, before its commit. */
  tell(): Part[] {
    return this.untold.take()
  }

  hear(parts: readonly Part[]): void {
    const fresh = this.content.takeHeard(parts, ++this.#mark, 0, new Map())
    if (fresh !== null) Y.applyUpdate(this.doc, fresh.bytes, this)
  }

  commit(withHeard = false): void {
    const id = `${this.#name}-${++this.#batches}`
    const parts = this.content.cut(id, withHeard)
    if (parts.length > 0) this.content.commit(id, this.#rows.append(id, parts))
    if (parts.length > 0) this.readOn()
  }

  readOn(): void {
    for (const batch of this.#rows.batches.slice(this.#seq)) {
      this.#seq = batch.seq
      if (this.content.holds(batch.id)) continue
      const fresh = this.content.takeLogged(batch, new Map())
      if (fresh === 'gap') throw new Error(`row ${batch.seq} does not join on`)
      if (fresh !== 'known') Y.applyUpdate(this.doc, fresh.bytes, this)
    }
  }

  /** It dies, and comes back with what the rows hold; its client offers what it has. */
  restart(): void {
    this.content = new Content()
    this.untold = new BySender()
    this.#seq = 0
    // On reading, its client may write (Yjs takes away needless formats) beside words that went with the process.
    this.#hasMember = false
    this.readOn()
    this.#hasMember = true
    this.#take(Y.encodeStateAsUpdate(this.doc), 'step2')
  }

  /** Whether it knows of nothing that is not in the rows. */
  get isDurable(): boolean {
    return !this.content.isGathering && this.content.firstHeard === Number.POSITIVE_INFINITY
  }

  /** What somebody reads who comes to the page now. */
  readAfresh(): Y.Doc {
    const doc = new Y.Doc()
    const replies = this.content.missed(
      { stateVector: new Map() as StateVector, inParts: false },
      async () => EMPTY_UPDATE,
    )
    if (replies instanceof Promise) throw new Error('a small page is answered at once')
    for (const reply of replies) {
      if (!(reply instanceof Uint8Array)) throw new Error('a small page has one piece')
      // Type, kind and length of the message come before the update.
      Y.applyUpdate(doc, bodyOf(reply))
    }
    return doc
  }

  #take(update: Uint8Array, kind: 'live' | 'step2'): void {
    const taken = this.content.take(update, kind, null, new Map(), this.untold)
    this.#mark++
    if (taken.kind === 'invalid') throw new Error(taken.reason)
    if (taken.kind === 'gap') throw new Error('a client went on from what its process does not hold')
  }
}

const bodyOf = (message: Uint8Array): Uint8Array => {
  let at = 2
  while ((message[at] ?? 0) >= 128) at++
  return message.subarray(at + 1)
}

const live = (random: Random): void => {
  const rows = new Rows()
  const processes = ['a', 'b', 'c'].map((name) => new Process(name, rows))
  const underWay: { readonly to: Process; readonly parts: readonly Part[] }[] = []
  for (let step = 0; step < STEPS; step++) {
    const process = random.pick(processes)
    const kind = random.fraction()
    if (kind < 0.4) randomEdit(process.doc, random)
    else if (kind < 0.6) {
      const parts = process.tell()
      if (parts.length > 0)
        for (const to of processes) if (to !== process && random.chance(0.85)) underWay.push({ to, parts })
    } else if (kind < 0.8) {
      // In order from one process, but late, and sometimes past what the rows brought meanwhile.
      const letter = underWay.shift()
      letter?.to.hear(letter.parts)
    } else if (kind < 0.9) process.commit(random.chance(0.1))
    else if (kind < 0.985) process.readOn()
    else process.restart()
    if (process.isDurable) {
      const written = Y.encodeStateVector(rows.fold())
      expect(Y.diffUpdate(Y.encodeStateAsUpdate(process.readAfresh()), written)[0]).toBe(0)
    }
  }
  // What a client reads may have it write: Yjs takes away formats that have become needless.
  for (let round = 0; round < ROUNDS && (round === 0 || processes.some(({ isDurable }) => !isDurable)); round++) {
    for (const process of processes) process.commit(true)
    for (const process of processes) process.readOn()
  }
  const folded = pageAsText(rows.fold())
  for (const process of processes) {
    expect(process.isDurable).toBe(true)
    expect(pageAsText(process.doc)).toBe(folded)
    expect(pageAsText(process.readAfresh())).toBe(folded)
  }
}

describe('updates heard before their commit', () => {
  it(`are in the rows with whatever goes on from them, in ${HISTORIES} histories with losses, delays and crashes`, () => {
    const random = seededRandom()
    for (let history = 0; history < HISTORIES; history++) {
      const seed = random.below(2 ** 31)
      try {
        live(randomFrom(seed))
      } catch (error) {
        throw new Error(`the history of seed ${seed}: ${String(error)}`, { cause: error })
      }
    }
  })

  it('keep the name of whoever wrote them when another process writes them down', () => {
    const content = new Content()
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'once')
    const heard = { author: 'ana', via: null, data: Y.encodeStateAsUpdate(doc) }
    expect(content.takeHeard([heard], 1, 1000, new Map())).not.toBeNull()
    expect(content.cut('nothing of its own')).toEqual([])
    expect(content.isHeardOverdue(3999)).toBe(false)
    expect(content.isHeardOverdue(4000)).toBe(true)
    expect(content.cut('overdue', true)).toEqual([heard])
    expect(content.unsavedBytes).toBe(heard.data.length)
    content.commit('overdue', 1)
    expect([content.firstHeard, content.unsavedBytes]).toEqual([Number.POSITIVE_INFINITY, 0])
  })

  it('that do not join on are left to the log', () => {
    const content = new Content()
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'once')
    const before = Y.encodeStateVector(doc)
    doc.getText('text').insert(4, ' upon')
    const data = Y.encodeStateAsUpdate(doc, before)
    expect(content.takeHeard([{ author: null, via: null, data }], 1, 0, new Map())).toBeNull()
    expect(content.bytes).toBe(0)
  })
})
