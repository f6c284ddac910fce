/** The engine of a restore over random histories: every seed a page, a moment, and somebody who comes back late. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { docOf } from '../../server/threads/page/build.ts'
import { canonicalOf } from '../../server/threads/page/canonical.ts'
import { restoreTo, undoOf } from '../../server/threads/page/restore.ts'
import { type Random, randomFrom } from '../support/random.ts'
import { Editor, Page, STORY } from './history.ts'

const SEEDS = Number(process.env.SCRIPTORIUM_SEEDS ?? 500)
const FIRST = Number(process.env.SEED ?? 1)
const SECONDS_A_THOUSAND = 120

/** Runs `check` for each seed, and names the seed that fails. */
const forEachSeed = (check: (random: Random) => void): void => {
  const count = process.env.SEED === undefined ? SEEDS : 1
  for (let seed = FIRST; seed < FIRST + count; seed++) {
    try {
      check(randomFrom(seed))
    } catch (error) {
      process.stderr.write(`repeat with SEED=${seed}\n`)
      throw error
    }
  }
}

const charactersOf = (doc: Y.Doc): string[] => [...doc.getText(STORY).toString()]

/** Puts the page back; everybody connected sees the moment. */
const restored = (page: Page, moment: number, random: Random): Y.Doc => {
  const target = page.stateAt(moment, random)
  const wanted = docOf(target)
  const { update } = restoreTo(target, page.stateAt(page.rows.length, random))
  if (update !== null) page.append({ author: 'restorer', data: update })
  for (const { doc } of page.readers) expect(canonicalOf(doc)).toBe(canonicalOf(wanted))
  return wanted
}

const restoreAndReturn = (random: Random): void => {
  const ana = new Editor('ana', true, 1)
  const ben = new Editor('ben', random.chance(0.5), 2)
  const cleo = new Editor('cleo', random.chance(0.5), 3)
  const reader = new Editor('reader', false, 4)
  const page = new Page([ana, ben, cleo, reader])
  const write = (count: number) => {
    for (let i = 0; i < count; i++) page.edit(random.pick(page.readers.filter(({ name }) => name !== 'reader')), random)
  }
  const goOffline = () => page.readers.splice(page.readers.indexOf(cleo), 1)
  const leavesBefore = random.chance(0.5)
  write(1 + random.below(25))
  if (leavesBefore) goOffline()
  write(random.below(10))
  const moment = page.rows.length
  write(random.below(20))
  if (!leavesBefore) goOffline()
  write(1 + random.below(20))

  const left = new Set(charactersOf(cleo.doc))
  for (let i = random.below(12); i > 0; i--) page.edit(cleo, random, false)
  const kept = new Set(charactersOf(cleo.doc))
  const written = [...kept].filter((character) => !left.has(character))
  const removed = new Set([...left].filter((character) => !kept.has(character)))

  let wanted = restored(page, moment, random)
  while (random.chance(0.4)) {
    write(random.below(8))
    wanted = restored(page, random.below(page.rows.length + 1), random)
  }

  for (const { data } of page.rows) cleo.hear(data)
  page.readers.push(cleo)
  page.handOver(cleo)
  const fresh = docOf(page.rows.map(({ data }) => data))
  const final = canonicalOf(fresh)
  for (const { doc } of page.readers) expect(canonicalOf(doc)).toBe(final)

  const there = charactersOf(fresh)
  expect(new Set(there).size, 'nothing is doubled').toBe(there.length)
  const old = charactersOf(wanted)
  const allowed = new Set([...old, ...written])
  expect(
    there.filter((character) => !allowed.has(character)),
    'nothing deleted comes back',
  ).toEqual([])
  const promised = [...old.filter((character) => !removed.has(character)), ...written]
  expect(
    promised.filter((character) => !there.includes(character)),
    'nothing is lost',
  ).toEqual([])
}

const undoOne = (random: Random): void => {
  const ana = new Editor('ana', true, 1)
  const ben = new Editor('ben', false, 2)
  const page = new Page([ana, ben])
  const write = (count: number) => {
    for (let i = 0; i < count; i++) page.edit(random.pick([ana, ben]), random)
  }
  write(random.below(20))
  const from = page.rows.length
  const before = new Set(charactersOf(ana.doc))
  write(1 + random.below(20))
  const to = page.rows.length
  const middle = charactersOf(ana.doc)
  write(random.below(20))
  const present = docOf(page.rows.map(({ data }) => data))

  const rows = page.rows
    .slice(from)
    .map(({ author, data }, at) => ({ data, isTheirs: author === 'ana' && from + at < to }))
  const { update } = undoOf(page.stateAt(from, random), rows, page.stateAt(page.rows.length, random))
  const anas = new Set(writtenBy(page, 'ana', from, to))
  const now = charactersOf(present)
  if (update !== null) page.append({ author: 'restorer', data: update })
  const fresh = docOf(page.rows.map(({ data }) => data))
  for (const { doc } of page.readers) expect(canonicalOf(doc)).toBe(canonicalOf(fresh))

  const there = charactersOf(fresh)
  expect(new Set(there).size, 'nothing is doubled').toBe(there.length)
  expect(
    there.filter((character) => anas.has(character)),
    'what she wrote is gone',
  ).toEqual([])
  const others = now.filter((character) => !anas.has(character))
  expect(
    others.filter((character) => !there.includes(character)),
    'what others wrote stays',
  ).toEqual([])
  const returned = there.filter((character) => !now.includes(character))
  const known = new Set([...before, ...middle, ...writtenBy(page, 'ben', from, to)])
  expect(
    returned.filter((character) => !known.has(character)),
    'only what she deleted comes back',
  ).toEqual([])
}

/** Characters of the story in the rows of one author. */
const writtenBy = (page: Page, name: string, from: number, to: number): string[] =>
  page.rows
    .slice(from, to)
    .filter(({ author }) => author === name)
    .flatMap(({ data }) => Y.decodeUpdate(data).structs)
    .flatMap((struct) =>
      struct instanceof Y.Item && struct.content instanceof Y.ContentString ? [...struct.content.str] : [],
    )
    .filter((character) => character >= '\u4e00')

const timeout = Math.max(60_000, (SEEDS / 1000) * SECONDS_A_THOUSAND * 1000)

describe(`over ${SEEDS} random histories, seeds from ${FIRST}`, () => {
  it(
    'a restore equals the moment at every receiver, and whoever comes back late loses and doubles nothing',
    () => {
      forEachSeed(restoreAndReturn)
    },
    timeout,
  )

  it(
    'what one person did in a period is taken back, and what others did stays',
    () => {
      forEachSeed(undoOne)
    },
    timeout,
  )
})
