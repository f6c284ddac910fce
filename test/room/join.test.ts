import * as decoding from 'lib0/decoding'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Content } from '../../server/room/content.ts'
import { decodeStateVector, type StateVector } from '../../server/room/state-vector.ts'
import type { Reply } from '../../server/room/sync.ts'
import type { HeadAndBody } from '../../shared/protocol.ts'
import { contentsOf, docFrom, randomEdit } from '../support/edits.ts'
import { type Random, randomFrom } from '../support/random.ts'

/** Gives what the fold thread gives. */
const squash = (updates: readonly Uint8Array[], seq: number) => {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  const data = Y.encodeStateAsUpdate(doc)
  const stateVector = Y.encodeStateVector(doc)
  return {
    seq,
    data,
    stateVector,
    deletesAt: data.length - (Y.encodeSnapshot(Y.snapshot(doc)).length - stateVector.length),
    atKeys: null,
  }
}

interface Heard {
  readonly kind: number
  readonly update: Uint8Array
}

/** Small pages are compared at once: nothing here waits. */
const never = async (): Promise<Uint8Array> => {
  throw new Error('compared elsewhere')
}

const answerTo = (content: Content, stateVector: StateVector, inParts: boolean): Reply[] => {
  const replies = content.answer({ stateVector, inParts }, never)
  if (replies instanceof Promise) throw new Error('compared elsewhere')
  return replies
}

const bytesOf = (reply: Reply): Uint8Array =>
  reply instanceof Uint8Array ? reply : Uint8Array.from(Buffer.concat([...reply]))

const readSync = (frame: Uint8Array): Heard => {
  const decoder = decoding.createDecoder(frame)
  expect(decoding.readVarUint(decoder)).toBe(0)
  return { kind: decoding.readVarUint(decoder), update: decoding.readVarUint8Array(decoder) }
}

/** A page that was written, folded now and then, and the states its clients had on the way. */
const written = (seed: number) => {
  const random = randomFrom(seed)
  const content = new Content()
  const author = docFrom(random)
  const log: Uint8Array[] = []
  const states: Uint8Array[] = []
  let seq = 0
  author.on('update', (update: Uint8Array) => {
    if (content.take(update, 'live', null, new Map()).kind !== 'new') throw new Error('an honest update was refused')
  })
  for (let i = 0; i < 80; i++) {
    randomEdit(author, random)
    if (random.chance(0.3)) states.push(Y.encodeStateAsUpdate(author))
    if (random.chance(0.4) && content.isGathering) {
      seq++
      for (const part of content.cut(`batch ${seq}`)) log.push(part.data)
      content.commit(`batch ${seq}`, seq)
    }
    if (random.chance(0.06) && seq > 0) content.hold(squash(log, seq))
  }
  return { random, content, author, states }
}

const join = (content: Content, doc: Y.Doc): Heard[] => {
  const known = decodeStateVector(Y.encodeStateVector(doc))
  const heard = answerTo(content, known, false).map(bytesOf).map(readSync)
  for (const { update } of heard) Y.applyUpdate(doc, update)
  return heard
}

const offlineCopy = (state: Uint8Array, random: Random): Y.Doc => {
  const doc = docFrom(random)
  Y.applyUpdate(doc, state)
  if (random.chance(0.5)) for (let i = 0; i < 5; i++) randomEdit(doc, random)
  return doc
}

const seeds = Array.from({ length: 60 }, (_, i) => Number(process.env.SEED ?? 1) + i)

describe('joining', () => {
  it('gives a new client the whole page, and the step 2 last', () => {
    for (const seed of seeds) {
      const { content, author } = written(seed)
      const doc = new Y.Doc()
      const heard = join(content, doc)
      expect(contentsOf(doc), `seed ${seed}`).toEqual(contentsOf(author))
      expect(heard.map(({ kind }) => kind).filter((kind) => kind === 1)).toHaveLength(1)
      expect(heard.at(-1)?.kind).toBe(1)
      expect(doc.store.pendingStructs).toBeNull()
    }
  })

  it('gives a returning client what it lacks, deletes included, whenever it left', () => {
    for (const seed of seeds) {
      const { random, content, author, states } = written(seed)
      for (const state of states) {
        const doc = offlineCopy(state, random)
        join(content, doc)
        const both = new Y.Doc()
        Y.applyUpdate(both, Y.encodeStateAsUpdate(author))
        Y.applyUpdate(both, Y.encodeStateAsUpdate(doc))
        expect(Y.encodeStateVector(doc), `seed ${seed}`).toEqual(Y.encodeStateVector(both))
        expect(doc.getText('text').toString(), `seed ${seed}`).toBe(both.getText('text').toString())
        expect(doc.getMap('map').toJSON(), `seed ${seed}`).toEqual(both.getMap('map').toJSON())
        expect(doc.getXmlFragment('xml').toString(), `seed ${seed}`).toBe(both.getXmlFragment('xml').toString())
      }
    }
  })

  it('sends a client that covers the snapshot no struct of it again', () => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'once upon a time')
    doc.getText('text').delete(0, 5)
    const content = new Content()
    content.hold(squash([Y.encodeStateAsUpdate(doc)], 1))
    const heard = join(content, doc)
    expect(heard).toHaveLength(2)
    for (const { update } of heard) expect(Y.decodeUpdate(update).structs).toEqual([])
    expect(Y.decodeUpdate(heard[0]?.update as Uint8Array).ds.clients.size).toBe(1)
  })

  it('decodes nothing of the snapshot, and copies nothing of it', () => {
    const content = new Content()
    const doc = new Y.Doc()
    const data = randomFrom(1).bytes(300_000)
    content.hold({
      seq: 1,
      data,
      stateVector: Uint8Array.of(1, 7, 1),
      deletesAt: data.length - 1,
      atKeys: Uint8Array.of(0),
    })
    doc.on('update', (update: Uint8Array) => content.take(update, 'live', null, new Map()))
    for (let i = 0; i < 100; i++) doc.getText('text').insert(i, 'x')
    const stock = answerTo(content, new Map(), false)
    expect(stock).toHaveLength(2)
    expect((stock[0] as HeadAndBody)[1]).toBe(data)
    expect(readSync(bytesOf(stock[0] as Reply)).update).toEqual(data)
    const parts = answerTo(content, new Map(), true).slice(0, -1) as HeadAndBody[]
    expect(parts.length).toBeGreaterThan(4)
    for (const [, body] of parts) expect(body.buffer).toBe(data.buffer)
    expect(Buffer.concat(parts.map(([, body]) => body)).equals(data)).toBe(true)
    const again = answerTo(content, new Map(), false)
    expect(readSync(bytesOf(again[1] as Reply)).update).toEqual(readSync(bytesOf(stock[1] as Reply)).update)
  })
})
