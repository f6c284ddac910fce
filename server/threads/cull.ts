/** Finding the rows that make a page unreadable, and what the page is without them and what was built on them. */
import * as Y from 'yjs'
import { contentOf } from './contents.ts'
import { HandedOver } from './handed-over.ts'
import { endsOf, type LoadedPage, loadPage, type PageRows } from './pages.ts'
import { proven, type Squashed } from './squash.ts'
import { firstWrites } from './writers.ts'

export interface CullInput extends PageRows {
  /** The seq of each row: rows of one seq stand and fall together until one of them is blamed. */
  readonly seqs: readonly number[]
  /** Rows known to be at fault; only what else is wrong is looked for. */
  readonly suspects: readonly Culprit[]
}

export interface Culprit {
  /** Index of the row. */
  readonly row: number
  readonly why: string
}

export interface Culled {
  /** The page without the culprits. */
  readonly squashed: Squashed
  /** Rows at fault, then those that go on from them; none when no row is at fault. */
  readonly culprits: readonly Culprit[]
  /** Encoded state vector of what was abandoned: clients whose structs the page no longer takes. */
  readonly dead: Uint8Array
}

/** More faults than this are no accident of one row: somebody has to look. */
const MOST_CULPRITS = 200

/**
 * Leaves out what cannot be read.
 * @throws Error when the base alone cannot be read, or no row can be blamed
 */
export const cull = (input: CullInput): HandedOver<Culled> => {
  const fault = faultOf([], input.base)
  if (fault !== null) throw new Error(`the snapshot itself cannot be read: ${fault}`)
  const blamed = new Map(input.suspects.map(({ row, why }) => [row, why]))
  for (let why = remainingFault(input, blamed); why !== null; why = remainingFault(input, blamed)) {
    if (blamed.size >= MOST_CULPRITS) throw new Error(`more than ${MOST_CULPRITS} rows cannot be read`)
    for (const row of blame(input, blamed)) blamed.set(row, why)
  }
  const page = withoutDependents(input, blamed)
  const left = input.rows.map((_, row) => row).filter((row) => !blamed.has(row))
  const writers = firstWrites(page, rowsAt(input, left)).map(({ client, row }) => ({
    client,
    row: left[row] as number,
  }))
  const squashed = { ...proven(page.doc), writers }
  const culprits = [...blamed].map(([row, why]) => ({ row, why })).sort((a, b) => a.row - b.row)
  return new HandedOver({ squashed, culprits, dead: deadOf(input, blamed, page.doc) }, [squashed.data.buffer])
}

const rowsAt = ({ rows }: CullInput, indexes: readonly number[]): Uint8Array[] =>
  indexes.map((row) => rows[row] as Uint8Array)

const kept = ({ rows }: CullInput, blamed: ReadonlyMap<number, string>): Uint8Array[] =>
  rows.filter((_, row) => !blamed.has(row))

/** Why these rows do not make a page that can be read; what they lack is no fault of theirs. */
const faultOf = (rows: readonly Uint8Array[], base: Uint8Array | null): string | null => {
  try {
    const { doc } = loadPage({ base, rows })
    const again = loadPage({ base: Y.encodeStateAsUpdate(doc), rows: [] })
    return contentOf(again.doc) === contentOf(doc) ? null : 'read again it differs'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const remainingFault = (input: CullInput, blamed: ReadonlyMap<number, string>): string | null =>
  faultOf(kept(input, blamed), input.base)

/** The rows of the first seq with which the page cannot be read; of those only the ones without which it can. */
const blame = ({ rows, seqs, base }: CullInput, blamed: ReadonlyMap<number, string>): number[] => {
  const upTo = (seq: number, except = -1) =>
    rows.filter((_, row) => (seqs[row] as number) <= seq && row !== except && !blamed.has(row))
  const distinct = [...new Set(seqs.filter((_, row) => !blamed.has(row)))]
  let [good, bad] = [-1, distinct.length - 1]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (faultOf(upTo(distinct[middle] as number), base) === null) good = middle
    else bad = middle
  }
  const seq = distinct[bad] as number
  const parts = rows.map((_, row) => row).filter((row) => seqs[row] === seq && !blamed.has(row))
  const alone = parts.length > 1 ? parts.filter((row) => faultOf(upTo(seq, row), base) === null) : []
  return alone.length === 1 ? alone : parts
}

/** The page without those blamed; rows that cannot be taken in whole without them are blamed too. */
const withoutDependents = (input: CullInput, blamed: Map<number, string>): LoadedPage => {
  const why = `it goes on from row ${Math.min(...[...blamed.keys()].map((row) => input.seqs[row] as number))}`
  for (;;) {
    const page = loadPage({ base: input.base, rows: kept(input, blamed) })
    const { store } = page.doc
    if (store.pendingStructs !== null && blamed.size === 0) throw new Error('an update refers to what no row holds')
    const dependents =
      store.pendingStructs === null
        ? []
        : [...input.rows.keys()].filter(
            (row) => !blamed.has(row) && reachesBeyond(input.rows[row] as Uint8Array, page.doc),
          )
    if (dependents.length === 0) {
      // Deletes of what was left out say nothing any more.
      store.pendingDs = null
      store.pendingStructs = null
      return page
    }
    for (const row of dependents) blamed.set(row, why)
  }
}

const reachesBeyond = (update: Uint8Array, doc: Y.Doc): boolean =>
  [...endsOf(update)].some(([client, clock]) => clock > Y.getState(doc.store, client))

const deadOf = ({ rows }: CullInput, blamed: ReadonlyMap<number, string>, doc: Y.Doc): Uint8Array => {
  const dead = new Map<number, number>()
  for (const row of blamed.keys()) {
    for (const [client, clock] of safeEnds(rows[row] as Uint8Array)) {
      if (clock > Y.getState(doc.store, client)) dead.set(client, Math.max(clock, dead.get(client) ?? 0))
    }
  }
  return Y.encodeStateVector(dead)
}

/** A row that cannot even be decoded names nobody. */
const safeEnds = (update: Uint8Array): Map<number, number> => {
  try {
    return endsOf(update)
  } catch {
    return new Map()
  }
}
