import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { admit, apply, freshOf, type New } from '../../server/room/admit.ts'
import { IdSet } from '../../server/room/id-set.ts'
import { Runs } from '../../server/room/runs.ts'
import { XmlPlaces } from '../../server/room/xml-places.ts'
import { docFrom, randomEdit } from '../support/edits.ts'
import { pageAsText } from '../support/equal.ts'
import { type Random, seededRandom } from '../support/random.ts'

/** Lets updates in as a room does, and hands on what is new of each. */
class Gate {
  readonly stateVector = new Map<number, number>()
  readonly #deletes = new IdSet()
  readonly #atKeys = new IdSet()

  take(update: Uint8Array, kind: 'live' | 'step2' = 'live'): New | null {
    const held = {
      stateVector: this.stateVector,
      deletes: () => this.#deletes,
      atKeys: () => this.#atKeys,
      xml: () => new XmlPlaces(),
    }
    const admission = admit(update, held, kind)
    if (admission.kind !== 'new') return null
    apply(admission, this.stateVector, this.#deletes, { atKeys: this.#atKeys, xml: null })
    return admission
  }
}

/** Authors who write at once and exchange what they have now and then; their updates as they reach a room. */
const history = (random: Random, edits: number): Uint8Array[] => {
  const docs = Array.from({ length: 3 }, () => docFrom(random))
  const updates: Uint8Array[] = []
  for (const doc of docs) {
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'exchange') updates.push(update)
    })
  }
  for (let i = 0; i < edits; i++) {
    randomEdit(random.pick(docs), random)
    if (random.chance(0.3)) {
      const [from, to] = [random.pick(docs), random.pick(docs)]
      if (updates.length > 0) Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)), 'exchange')
    }
  }
  return updates
}

const docOf = (...updates: readonly Uint8Array[]): Y.Doc => {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  expect(doc.store.pendingStructs).toBeNull()
  expect(doc.store.pendingDs).toBeNull()
  return doc
}

describe('updates merged as they come', () => {
  it('hold what they hold one by one, in a new document and beside what others write', () => {
    const random = seededRandom()
    for (let round = 0; round < 60; round++) {
      const gate = new Gate()
      const runs = new Runs()
      const taken: Uint8Array[] = []
      for (const update of history(random, 60)) {
        const fresh = gate.take(update, 'step2')
        if (fresh === null) continue
        taken.push(fresh.bytes)
        runs.add(fresh)
      }
      const [merged, single] = [docOf(runs.encode()), docOf(...taken)]
      expect(pageAsText(merged)).toBe(pageAsText(single))
      expect(Y.encodeStateVector(merged)).toEqual(Y.encodeStateVector(single))
      for (const doc of [merged, single]) doc.clientID = random.below(2 ** 32)
      for (let i = 0; i < 10; i++) {
        randomEdit(merged, random)
        randomEdit(single, random)
      }
      const both = [Y.encodeStateAsUpdate(merged), Y.encodeStateAsUpdate(single)]
      for (const doc of [merged, single]) for (const update of both) Y.applyUpdate(doc, update)
      expect(pageAsText(merged)).toBe(pageAsText(single))
    }
  })

  it('bring any client up to date that has some of them, whatever it has', () => {
    const random = seededRandom()
    for (let round = 0; round < 40; round++) {
      const gate = new Gate()
      const runs = new Runs()
      const held: Uint8Array[] = []
      const behind: { readonly doc: Y.Doc; readonly at: Uint8Array }[] = []
      for (const update of history(random, 50)) {
        const fresh = gate.take(update, 'step2')
        if (fresh === null) continue
        held.push(fresh.bytes)
        runs.add(fresh)
        if (random.chance(0.2)) {
          const doc = docOf(...held)
          behind.push({ doc, at: Y.encodeStateVector(doc) })
        }
      }
      const whole = pageAsText(docOf(...held))
      for (const { doc, at } of behind) {
        const diff = runs.diff(Y.decodeStateVector(at))
        Y.applyUpdate(doc, diff)
        expect(pageAsText(doc)).toBe(whole)
        expect(doc.store.pendingStructs).toBeNull()
      }
    }
  })

  it('are one struct where somebody typed, and cut where a client has half of it', () => {
    const gate = new Gate()
    const runs = new Runs()
    const doc = new Y.Doc()
    doc.on('update', (update: Uint8Array) => {
      const fresh = gate.take(update)
      if (fresh !== null) runs.add(fresh)
    })
    for (let i = 0; i < 300; i++) doc.getText('text').insert(i, 'é')
    const structs = Y.decodeUpdate(runs.encode()).structs
    expect(structs).toHaveLength(1)
    expect(runs.encode().length).toBeLessThan(640)
    const half = Y.decodeUpdate(runs.diff(new Map([[doc.clientID, 100]])))
    expect(half.structs).toMatchObject([{ id: { clock: 100 }, length: 200 }])
    const all = new Map([[doc.clientID, 300]])
    expect(Y.decodeUpdate(runs.diff(all)).structs).toEqual([])
  })

  it('never join what lies at a key of a map, where each item takes the place of the one before', () => {
    const map = new Y.Doc()
    map.getMap('map').set('key', 1)
    const first = Y.encodeStateAsUpdate(map)
    const client = map.clientID
    // Text at a key, which no shared type writes: origin is the item before, as the key of it then is.
    const text = (clock: number, letter: string) =>
      Uint8Array.from([
        1,
        1,
        ...varUint(client),
        clock,
        0x84,
        ...varUint(client),
        clock - 1,
        1,
        letter.charCodeAt(0),
        0,
      ])
    const gate = new Gate()
    const runs = new Runs()
    const updates = [first, text(1, 'a'), text(2, 'b')]
    for (const update of updates) runs.add(gate.take(update) as New)
    expect(Y.decodeUpdate(runs.encode()).structs).toHaveLength(3)
    expect(docOf(runs.encode()).getMap('map').toJSON()).toEqual(
      docOf(...updates)
        .getMap('map')
        .toJSON(),
    )
  })

  it('are read again from rows that were written before', () => {
    const random = seededRandom()
    const gate = new Gate()
    const rows: Uint8Array[] = []
    for (const update of history(random, 80)) {
      const fresh = gate.take(update, 'step2')
      if (fresh !== null) rows.push(fresh.bytes)
    }
    const runs = new Runs()
    for (const row of rows) runs.add(freshOf(row, { atKeys: () => new IdSet() }))
    expect(Y.encodeStateVector(docOf(runs.encode()))).toEqual(Y.encodeStateVector(docOf(...rows)))
  })
})

const varUint = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 | (rest % 128))
  return [...bytes, rest]
}
