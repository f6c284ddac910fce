import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { IdSet } from '../../server/room/id-set.ts'
import { decodeStateVector, type StateVector } from '../../server/room/state-vector.ts'
import { docFrom, randomEdit } from '../support/edits.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { forge } from './forged.ts'
import { HeldPage } from './held-page.ts'

const PAGES = Number(process.env.FORGED_PAGES ?? 60)
const UPDATES = 60

const authorOf = (page: HeldPage, random: Random): { doc: Y.Doc; written: Uint8Array[] } => {
  const doc = docFrom(random)
  const written: Uint8Array[] = []
  if (page.stateVector.size > 0) Y.applyUpdate(doc, page.merged())
  doc.on('update', (update: Uint8Array) => written.push(update))
  return { doc, written }
}

/** A page with an honest beginning, so that there is something to refer to. */
const begun = (random: Random): HeldPage => {
  const page = new HeldPage()
  const { doc, written } = authorOf(page, random)
  for (let i = 0; i < 10; i++) randomEdit(doc, random)
  for (const update of written) page.receive(update, 'live')
  return page
}

const deletesOfAll = (stateVector: StateVector): Uint8Array => {
  const deletes = new IdSet()
  for (const [client, clock] of stateVector) deletes.add(client, 0, clock)
  return new Uint8Array([0, ...deletes.encode()])
}

const isPending = ({ store }: Y.Doc): boolean => store.pendingStructs !== null || store.pendingDs !== null

it('a forged update that is let in leaves a page that loads, is written back and can be emptied', () => {
  const random = seededRandom()
  const kinds = new Map<string, number>()
  for (let i = 0; i < PAGES; i++) {
    const page = begun(random)
    const clients = [...page.stateVector.keys(), 5, 2 ** 31 + 7]
    for (let n = 0; n < UPDATES; n++) {
      const admission = page.receive(forge(random, clients, page.stateVector), random.pick(['live', 'step2']))
      kinds.set(admission.kind, (kinds.get(admission.kind) ?? 0) + 1)
      if (admission.kind !== 'new') continue
      const loaded = page.load()
      expect(Y.decodeStateVector(Y.encodeStateVector(loaded))).toEqual(page.stateVector)
    }
    const merged = new Y.Doc()
    Y.applyUpdate(merged, page.merged())
    expect(isPending(merged)).toBe(false)
    expect(decodeStateVector(Y.encodeStateVectorFromUpdate(page.merged()))).toEqual(page.stateVector)
    const again = page.receive(Y.encodeStateAsUpdate(merged), 'step2')
    expect(again.kind === 'invalid' ? again : '').toBe('')
    expect(page.receive(Y.encodeStateAsUpdate(merged), 'step2')).toEqual({ kind: 'nothing', gap: false })
    const emptied = page.receive(deletesOfAll(page.stateVector), 'live')
    expect(emptied.kind).toMatch(/new|nothing/)
    expect(Y.encodeStateVector(page.load())).toEqual(Y.encodeStateVector(merged))
  }
  expect(kinds.get('new')).toBeGreaterThan(PAGES * 5)
  expect([...kinds.keys()].sort()).toEqual(['gap', 'invalid', 'new', 'nothing'])
})
