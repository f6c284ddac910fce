import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as Y from 'yjs'
import { contentOf } from '../../server/threads/contents.ts'
import { contentsOf, randomEdit } from '../support/edits.ts'
import { leaveOut } from '../support/left-out.ts'
import { mutated } from '../support/poison.ts'
import { STRUCTURES } from '../support/poison-structures.ts'
import { type Random, randomFrom, seededRandom } from '../support/random.ts'
import { isFull } from '../support/size.ts'
import { HeldPage } from './held-page.ts'

/** 40,000 by `npm run prove -- poison`. */
const COUNT = Number(process.env.POISON_COUNT ?? (isFull ? 5000 : 2000))
if (COUNT < 5000) leaveOut(`room: ${COUNT} poisoned updates of each kind instead of 5,000: npm run test:full`)
/** Poisoned updates that one page is sent: it grows, and is loaded after each that it takes. */
const ON_ONE_PAGE = 50
const GROWTH = 50_000_000

/** Seeds that once found a fault. */
const KEPT_SEEDS: readonly number[] = [4195169438]

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

// Yjs says each time that somebody else writes under its clientID.
beforeAll(() => void vi.spyOn(console, 'warn').mockReturnValue(undefined))
beforeAll(() => void vi.spyOn(console, 'log').mockReturnValue(undefined))
afterAll(() => void vi.restoreAllMocks())

interface Person {
  readonly doc: Y.Doc
  readonly outbox: Uint8Array[]
}

const person = (id: number): Person => {
  const doc = new Y.Doc()
  doc.clientID = id
  const outbox: Uint8Array[] = []
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'remote') outbox.push(update)
  })
  return { doc, outbox }
}

/** A page with two who write it, and all that was relayed to them. */
class Poisoned {
  readonly page = new HeldPage()
  readonly people = [person(11), person(12)]
  slowest = 0

  receive(update: Uint8Array, kind: 'live' | 'step2'): string {
    const began = performance.now()
    const admission = this.page.receive(update, kind)
    this.slowest = Math.max(this.slowest, performance.now() - began)
    if (admission.kind === 'new') for (const { doc } of this.people) Y.applyUpdate(doc, admission.bytes, 'remote')
    return admission.kind === 'invalid' ? `invalid: ${admission.reason}` : admission.kind
  }

  /** Everybody writes something honest, which must be taken. */
  write(random: Random): void {
    for (const { doc, outbox } of this.people) {
      randomEdit(doc, random)
      for (const update of outbox.splice(0)) expect(this.receive(update, 'live')).toMatch(/^(new|nothing)$/)
    }
  }

  /** The members hold the same, and whoever comes loads all of it, readable as text and as JSON. */
  check(): void {
    const loaded = this.page.load()
    expect(Y.decodeStateVector(Y.encodeStateVector(loaded))).toEqual(this.page.stateVector)
    const [one, other] = this.people.map(({ doc }) => doc) as [Y.Doc, Y.Doc]
    for (const doc of [loaded, one, other]) {
      expect(doc.store.pendingStructs).toBeNull()
      expect(() => contentOf(doc)).not.toThrow()
      for (const name of ['text', 'rich']) expect(typeof doc.getText(name).toString()).toBe('string')
    }
    expect(readable(contentsOf(one))).toBe(readable(contentsOf(other)))
  }
}

const readable = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner))

const run = (random: Random, count: number, poison: (poisoned: Poisoned) => Uint8Array, rounds = ON_ONE_PAGE) => {
  const answers = new Map<string, number>()
  let slowest = 0
  collect()
  const before = process.memoryUsage().heapUsed
  for (let sent = 0; sent < count; ) {
    const poisoned = new Poisoned()
    for (let n = 0; n < 5; n++) poisoned.write(random)
    for (let n = 0; n < rounds && sent < count; n++, sent++) {
      const answer = poisoned.receive(poison(poisoned), random.pick(['live', 'step2']))
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      if (answer === 'new') poisoned.check()
      if (n % 10 === 0) poisoned.write(random)
    }
    poisoned.write(random)
    poisoned.check()
    slowest = Math.max(slowest, poisoned.slowest)
  }
  collect()
  return { answers, slowest, growth: process.memoryUsage().heapUsed - before }
}

const target = (random: Random, { page }: Poisoned) => ({ random, stateVector: page.stateVector })

it(`${COUNT} updates with changed bytes leave a page that loads and members that agree`, { timeout: 600_000 }, () => {
  const random = seededRandom()
  const { answers, slowest, growth } = run(random, COUNT, ({ people, page }) => {
    const doc = new Y.Doc()
    doc.clientID = 77
    Y.applyUpdate(doc, page.merged())
    const made: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => made.push(update))
    randomEdit(doc, random)
    const honest = random.chance(0.3) ? Y.encodeStateAsUpdate(random.pick(people).doc) : made[0]
    return mutated(honest ?? Y.encodeStateAsUpdate(doc), random)
  })
  process.stdout.write(`poison, bytes: seed ${random.seed}, the slowest call took ${slowest.toFixed(1)} ms\n`)
  expect(answers.get('new') ?? 0).toBeGreaterThan(0)
  expect(answers.get('new') ?? 0).toBeLessThan(COUNT)
  expect(growth).toBeLessThan(GROWTH)
})

it(`${COUNT} updates with forged structures leave a page that loads and members that agree`, {
  timeout: 600_000,
}, () => {
  const random = seededRandom()
  const kinds = Object.entries(STRUCTURES)
  const byKind = new Map(kinds.map(([name]) => [name, 0]))
  const { answers, slowest, growth } = run(random, COUNT, (poisoned) => {
    const [name, make] = random.pick(kinds)
    byKind.set(name, (byKind.get(name) ?? 0) + 1)
    return make(target(random, poisoned))
  })
  process.stdout.write(`poison, structures: seed ${random.seed}, the slowest call took ${slowest.toFixed(1)} ms\n`)
  for (const [name, count] of byKind) expect([name, count > 0]).toEqual([name, true])
  expect([...answers.keys()].filter((answer) => answer.startsWith('invalid')).length).toBeGreaterThan(8)
  expect(growth).toBeLessThan(GROWTH)
})

it.each(Object.entries(STRUCTURES))('%s: 60 of a kind, one after the other', (_name, make) => {
  run(randomFrom(5), 60, (poisoned) => make(target(randomFrom(poisoned.page.stateVector.size + 3), poisoned)))
})

it.each(KEPT_SEEDS)('seed %i, which once found a fault, finds none', (seed) => {
  const random = randomFrom(seed)
  run(random, 1000, (poisoned) => random.pick(Object.values(STRUCTURES))(target(random, poisoned)))
})
