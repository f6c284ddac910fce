import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { decodeStateVector } from '../../server/room/state-vector.ts'
import { contentOf } from '../../server/threads/contents.ts'
import { contentsOf, randomEdit } from '../support/edits.ts'
import { type Random, randomFrom } from '../support/random.ts'
import { HeldPage } from './held-page.ts'

interface Author {
  readonly doc: Y.Doc
  readonly outbox: Uint8Array[]
}

const author = (id: number, gc: boolean): Author => {
  const doc = new Y.Doc({ gc })
  doc.clientID = id
  const outbox: Uint8Array[] = []
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'remote') outbox.push(update)
  })
  return { doc, outbox }
}

const authors = (random: Random): Author[] =>
  [1, 2, 3].map((n) => author(random.below(2 ** 32 - 9) + n, random.fraction() < 0.7))

/** Everybody edits; what they write reaches the page at once and the others now and then. */
const history = (seed: number, edits: number) => {
  const random = randomFrom(seed)
  const page = new HeldPage()
  const people = authors(random)
  const updates: Uint8Array[] = []
  for (let i = 0; i < edits; i++) {
    const { doc, outbox } = random.pick(people)
    randomEdit(doc, random)
    for (const update of outbox.splice(0)) {
      const admission = page.receive(update, 'live')
      expect(admission.kind, `seed ${seed}: ${JSON.stringify(admission)}`).toMatch(/new|nothing/)
      updates.push(update)
    }
    if (random.fraction() < 0.2) Y.applyUpdate(random.pick(people).doc, page.merged(), 'remote')
  }
  settle(page, people)
  return { random, page, people, updates }
}

/** Applying an update deletes what it overwrites, so everybody offers what they hold until nothing is new. */
const settle = (page: HeldPage, people: readonly Author[]): void => {
  for (let isNew = true; isNew; ) {
    for (const { doc } of people) Y.applyUpdate(doc, page.merged(), 'remote')
    isNew = people.map(({ doc }) => page.receive(Y.encodeStateAsUpdate(doc), 'step2').kind).includes('new')
  }
}

const HISTORIES = 60
const first = Number(process.env.SEED ?? 1)
const seeds = Array.from({ length: HISTORIES }, (_, i) => first + i)

describe('letting updates in', () => {
  it('takes every honest live update, and holds what its authors hold', () => {
    for (const seed of seeds) {
      const { page, people } = history(seed, 120)
      const loaded = page.load()
      for (const { doc } of people) expect(contentsOf(loaded), `seed ${seed}`).toEqual(contentsOf(doc))
      expect(page.stateVector, `seed ${seed}`).toEqual(decodeStateVector(Y.encodeStateVectorFromUpdate(page.merged())))
    }
  })

  it('reduces what it knows to nothing, deletes included', () => {
    for (const seed of seeds.slice(0, 20)) {
      const { page, people, updates } = history(seed, 80)
      for (const { doc } of people) {
        expect(page.receive(Y.encodeStateAsUpdate(doc), 'step2'), `seed ${seed}`).toEqual({
          kind: 'nothing',
          gap: false,
        })
      }
      for (const update of updates) expect(page.receive(update, 'live').kind).toBe('nothing')
    }
  })

  it('takes of a step 2 just what is new, whatever it overlaps', () => {
    for (const seed of seeds.slice(0, 30)) {
      const { random, page, people } = history(seed, 60)
      const { doc } = random.pick(people)
      const offline = new Y.Doc()
      offline.clientID = doc.clientID + 1
      Y.applyUpdate(offline, Y.encodeStateAsUpdate(doc))
      for (let i = 0; i < 30; i++) randomEdit(offline, random)
      const half = new HeldPage()
      half.receive(page.merged(), 'step2')
      const admission = half.receive(Y.encodeStateAsUpdate(offline), 'step2')
      expect(admission.kind, `seed ${seed}`).toBe('new')
      expect(contentsOf(half.load()), `seed ${seed}`).toEqual(contentsOf(offline))
    }
  })

  it('cuts a struct that is known in part', () => {
    const page = new HeldPage()
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'once ')
    page.receive(Y.encodeStateAsUpdate(doc), 'step2')
    doc.getText('text').insert(5, 'upon a time')
    const admission = page.receive(Y.encodeStateAsUpdate(doc), 'live')
    expect(admission).toMatchObject({ kind: 'new', taken: [{ run: { client: doc.clientID }, clock: 16 }] })
    expect(page.load().getText('text').toString()).toBe('once upon a time')
  })

  it('answers a live update that skips one with a gap and takes nothing of it', () => {
    const { doc, outbox } = author(7, true)
    for (const word of ['a', 'b', 'c']) doc.getText('text').insert(0, word)
    const page = new HeldPage()
    expect(page.receive(outbox[1] as Uint8Array, 'live')).toEqual({ kind: 'gap' })
    expect(page.receive(outbox[0] as Uint8Array, 'live').kind).toBe('new')
    expect(page.receive(outbox[2] as Uint8Array, 'live')).toEqual({ kind: 'gap' })
    expect(page.receive(outbox[1] as Uint8Array, 'live').kind).toBe('new')
    expect(page.receive(outbox[2] as Uint8Array, 'live').kind).toBe('new')
    expect(page.load().getText('text').toString()).toBe('cba')
  })

  it('takes the complete prefix of a step 2 with pending structs, and the rest when it can', () => {
    for (const seed of seeds.slice(0, 30)) {
      const random = randomFrom(seed)
      const writers = authors(random)
      const lost: Uint8Array[] = []
      const honest = new Y.Doc()
      for (let i = 0; i < 60; i++) {
        const { doc, outbox } = random.pick(writers)
        randomEdit(doc, random)
        for (const update of outbox.splice(0)) {
          if (random.fraction() < 0.15) lost.push(update)
          else Y.applyUpdate(honest, update)
          for (const other of writers) if (other.doc !== doc) Y.applyUpdate(other.doc, update, 'remote')
        }
      }
      const page = new HeldPage()
      page.receive(Y.encodeStateAsUpdate(honest), 'step2')
      page.load()
      for (const update of lost) Y.applyUpdate(honest, update)
      expect(page.receive(Y.encodeStateAsUpdate(honest), 'step2')).toMatchObject({ gap: false })
      // All that was written: a document may keep waiting with what it could take in by now.
      const { doc } = writers[0] as Author
      expect(contentsOf(page.load()), `seed ${seed}`).toEqual(contentsOf(doc))
      expect(page.stateVector).toEqual(decodeStateVector(Y.encodeStateVector(doc)))
    }
  })
})

const MUTATIONS = 4000

describe('poison', () => {
  it('keeps the page loadable whatever bytes are changed, and lets honest members go on', () => {
    let refused = 0
    let taken = 0
    for (const seed of seeds.slice(0, 8)) {
      const { random, page, people, updates } = history(seed, 60)
      for (let i = 0; i < MUTATIONS / 8; i++) {
        const source = random.fraction() < 0.5 ? random.pick(updates) : Y.encodeStateAsUpdate(random.pick(people).doc)
        const admission = page.receive(mutate(source, random), random.pick(['live', 'step2']))
        if (admission.kind !== 'new') {
          refused++
          continue
        }
        taken++
        const loaded = page.load()
        expect(() => contentOf(loaded), `seed ${seed}, mutation ${i}`).not.toThrow()
      }
      const { doc, outbox } = author(2 ** 32 - 1, true)
      Y.applyUpdate(doc, page.merged(), 'remote')
      randomEdit(doc, random)
      for (const update of outbox) expect(page.receive(update, 'live').kind, `seed ${seed}`).toMatch(/new|nothing/)
    }
    expect(refused).toBeGreaterThan(MUTATIONS / 4)
    expect(taken).toBeGreaterThan(0)
  })
})

/** Changes, cuts, doubles or adds a few bytes. */
const mutate = (update: Uint8Array, random: Random): Uint8Array => {
  let bytes = [...update]
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(bytes.length)
    switch (random.below(4)) {
      case 0:
        bytes[at] = random.below(256)
        break
      case 1:
        bytes = bytes.slice(0, at)
        break
      case 2:
        bytes.splice(at, 1)
        break
      default:
        bytes.splice(at, 0, random.below(256))
    }
    if (bytes.length === 0) bytes = [0]
  }
  return new Uint8Array(bytes)
}
