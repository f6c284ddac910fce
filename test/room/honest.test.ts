import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { Content } from '../../server/room/content.ts'
import { Owners } from '../../server/room/owners.ts'
import { docFrom, randomEdit } from '../support/edits.ts'
import { leaveOut } from '../support/left-out.ts'
import { randomFrom, seededRandom } from '../support/random.ts'
import { isFull } from '../support/size.ts'
import {
  concurrentTrace,
  generatedTrace,
  haveTraces,
  noteMissingTraces,
  sequentialTrace,
  typeInto,
} from '../support/traces.ts'

const UPDATES = isFull ? 66_000 : 8000
const ON_ONE_PAGE = 200
if (!isFull) leaveOut(`room: ${UPDATES} honest updates instead of 66,000: npm run test:full`)

interface Person {
  readonly user: string
}

/** A page with its owners, and how often it was refused. */
const page = () => {
  const content = new Content()
  const owners = new Owners<Person>()
  let batches = 0
  const refused: string[] = []
  return {
    refused,
    take: (person: Person, update: Uint8Array, kind: 'live' | 'step2') => {
      const taken = content.take(update, kind, owners.bringer(person), new Map())
      const isTaken = taken.kind === 'nothing' || taken.kind === 'new'
      if (!isTaken || taken.gap || taken.barred !== undefined) refused.push(JSON.stringify(taken.kind))
      return taken.kind === 'new' ? taken.bytes : null
    },
    announce: (person: Person, id: number) => owners.claim(person, id),
    leave: (person: Person) => owners.release(person),
    cut: () => content.cut(`batch ${batches++}`),
  }
}

it(`of ${UPDATES} honest updates of random histories not one is refused`, { timeout: 600_000 }, () => {
  const random = seededRandom()
  let sent = 0
  while (sent < UPDATES) {
    const { take, announce, leave, refused, cut } = page()
    const people = ['ana', 'ben', 'cleo'].map((user) => {
      const person: Person = { user }
      const doc = docFrom(random, { gc: random.chance(0.7) })
      const outbox: Uint8Array[] = []
      doc.on('update', (update: Uint8Array, origin: unknown) => {
        if (origin !== 'remote') outbox.push(update)
      })
      announce(person, doc.clientID)
      return { person, doc, outbox, isAway: false }
    })
    for (let n = 0; n < ON_ONE_PAGE; n++) {
      const each = random.pick(people)
      const { person, doc, outbox } = each
      randomEdit(doc, random)
      if (random.chance(0.03)) each.isAway = !each.isAway
      if (each.isAway) {
        outbox.length = 0
        leave(person)
        continue
      }
      // Whoever comes back announces itself and brings all that it has.
      announce(person, doc.clientID)
      const updates = outbox.length === 0 ? [] : outbox.splice(0)
      const relayed = [
        take(person, Y.encodeStateAsUpdate(doc), 'step2'),
        ...updates.map((update) => take(person, update, 'live')),
      ]
      sent += 1 + updates.length
      for (const other of people) {
        if (other === each || other.isAway) continue
        for (const bytes of relayed) if (bytes !== null) Y.applyUpdate(other.doc, bytes, 'remote')
        // A reader's document cleans up after what it reads, and brings that too.
        for (const update of other.outbox.splice(0)) take(other.person, update, 'live')
      }
      if (random.chance(0.2)) cut()
    }
    expect(refused).toEqual([])
  }
})

const sequential = isFull ? ['sveltecomponent', 'seph-blog1', 'automerge-paper'] : ['sveltecomponent']
const concurrent = isFull ? ['friendsforever', 'clownschool'] : ['friendsforever']

it('of the updates of recorded typing not one is refused', { timeout: 600_000 }, () => {
  noteMissingTraces()
  for (const trace of haveTraces ? sequential.map(sequentialTrace) : [generatedTrace()]) {
    const { take, refused } = page()
    const doc = new Y.Doc()
    const ana = { user: 'ana' }
    doc.on('update', (update: Uint8Array) => take(ana, update, 'live'))
    for (const patches of trace.transactions) doc.transact(() => typeInto(doc.getText('text'), patches))
    expect([trace.name, refused]).toEqual([trace.name, []])
  }
  for (const trace of haveTraces ? concurrent.map(concurrentTrace) : []) {
    const { take, refused } = page()
    const authors = Array.from({ length: trace.authors }, (_, n) => ({ user: `author ${n}` }))
    for (const { author, update } of trace.transactions) take(authors[author] as Person, update, 'live')
    expect([trace.name, refused]).toEqual([trace.name, []])
  }
})

it('an update of one who holds what another wrote before a crash is taken, whoever is here', () => {
  const random = randomFrom(3)
  const first = page()
  const [ana, ben] = [docFrom(random), docFrom(random)]
  for (let n = 0; n < 20; n++) randomEdit(ana, random)
  Y.applyUpdate(ben, Y.encodeStateAsUpdate(ana))
  for (let n = 0; n < 20; n++) randomEdit(ben, random)
  // The service starts afresh, and only ben comes back.
  const person = { user: 'ben' }
  first.announce(person, ben.clientID)
  first.take(person, Y.encodeStateAsUpdate(ben), 'step2')
  expect(first.refused).toEqual([])
  const parts = first.cut()
  const folded = new Y.Doc()
  Y.applyUpdate(folded, Y.mergeUpdates(parts.map(({ data }) => data)))
  expect(Y.encodeStateVector(folded)).toEqual(Y.encodeStateVector(ben))
  expect(parts.map(({ author, via }) => [author, via]).sort()).toEqual([
    [null, 'ben'],
    ['ben', null],
  ])
})
