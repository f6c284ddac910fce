/** Letting an update in: read whole, cut down to what is new, and taken only where nothing is missing before it. */
import * as Y from 'yjs'
import type { IdSet } from './id-set.ts'
import { type HeldKeys, Keys } from './keys.ts'
import { type Reached, reach } from './reach.ts'
import { InvalidUpdate } from './reader.ts'
import { writeReduced } from './reduce.ts'
import type { Fresh } from './runs.ts'
import { LIMITS, NO_LIMITS, type RootType, type ScanLimits, type ScannedUpdate, scanUpdate, withSpare } from './scan.ts'
import { stateVectorBytes } from './state-vector.ts'
import { Field, STRIDE } from './structs.ts'
import { XmlPlaces } from './xml-places.ts'

/** What a room holds. */
export interface Held extends HeldKeys {
  /** Contiguous: nothing below it is missing. */
  readonly stateVector: ReadonlyMap<number, number>
  /** Asked for only where an update deletes. */
  deletes(): IdSet
  /** What lies among XML; asked for only where an update holds a null. */
  xml(): XmlPlaces
}

export interface New extends Fresh {
  readonly kind: 'new'
  /** Root types that it names, with what they are where that can be told. */
  readonly roots: ReadonlyMap<string, RootType | null>
  readonly gap: boolean
}

export type Admission =
  /** It adds nothing. `gap`: something was left out, because it refers to what is not held. */
  | { readonly kind: 'nothing'; readonly gap: boolean }
  | New
  /** It refers to what is not held, and nothing of it was taken. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'invalid'; readonly reason: string }

/**
 * Decides what of an update is taken in. Changes nothing: see `apply`.
 * @param mode a `live` update is taken whole or not at all; of a `step2` whatever is causally complete
 * @param limits what was let in before, and merged since, may be beyond those for one message
 * @param structs a spare place for its structs, where nobody looks at them later
 */
export const admit = (
  bytes: Uint8Array,
  held: Held,
  mode: 'live' | 'step2',
  limits: ScanLimits = LIMITS,
  structs: number[] = [],
): Admission => {
  let update: ScannedUpdate
  try {
    update = scanUpdate(bytes, limits, structs)
  } catch (error) {
    if (error instanceof InvalidUpdate) return { kind: 'invalid', reason: error.message }
    throw error
  }
  const admission = admitScanned(bytes, update, held, mode, limits)
  if (admission.kind !== 'new' || update.fault === null) return admission
  const { fault } = admission.bytes === bytes ? update : scanUpdate(admission.bytes, limits)
  return fault === null ? admission : { kind: 'invalid', reason: fault }
}

/**
 * Advances what is held by what was let in.
 * @param known null in it: not known yet
 */
export const apply = (
  admission: New,
  stateVector: Map<number, number>,
  deletes: IdSet,
  known: { readonly atKeys: IdSet | null; readonly xml: XmlPlaces | null },
): void => {
  if (known.atKeys !== null) admission.keys.addTo(known.atKeys)
  if (known.xml !== null) {
    const runs = admission.taken.map(({ run, first, next }) => ({ ...run, first, last: next }))
    known.xml.add({ bytes: admission.source, structs: admission.structs, runs })
  }
  for (const { run, clock } of admission.taken) stateVector.set(run.client, clock)
  if (admission.deletes !== null) deletes.addAll(admission.deletes)
}

/** Reads an update that was let in before. @param held what was held before it */
export const freshOf = (bytes: Uint8Array, held: HeldKeys): Fresh => {
  const { structs, runs, deletes } = scanUpdate(bytes, NO_LIMITS)
  const taken = runs.map((run) => ({
    run,
    first: run.first,
    next: run.last,
    last: run.last,
    clock: structs[(run.last - 1) * STRIDE + Field.endClock] as number,
  }))
  return { bytes, source: bytes, structs, taken, deletes, keys: new Keys(structs, runs, held) }
}

/** The ids at a key among updates that each add only what is new, in the order they were let in. */
export const idsAtKeys = (updates: readonly Uint8Array[], into: IdSet): IdSet => {
  for (const bytes of updates) {
    withSpare((spare) => {
      const { structs, runs } = scanUpdate(bytes, NO_LIMITS, spare)
      new Keys(structs, runs, { atKeys: () => into }).addTo(into)
    })
  }
  return into
}

/** What lies among XML in updates that each add only what is new, in the order they were let in. */
export const xmlPlacesOf = (updates: readonly Uint8Array[]): XmlPlaces => {
  const places = new XmlPlaces()
  for (const bytes of updates) {
    const { structs, runs } = scanUpdate(bytes, NO_LIMITS)
    places.add({ bytes, structs, runs })
  }
  return places
}

const admitScanned = (
  bytes: Uint8Array,
  update: ScannedUpdate,
  held: Held,
  mode: 'live' | 'step2',
  limits: ScanLimits,
): Admission => {
  const reached = reach(update, held.stateVector)
  if (reached !== null) return decide(bytes, update, reached, held, mode, limits)
  const cut = cutKnown(bytes, update, held.stateVector)
  const rest = scanUpdate(cut, limits)
  const restReached = reach(rest, held.stateVector)
  if (restReached === null) throw new Error('a struct is held in part after it was cut')
  return decide(cut, rest, restReached, held, mode, limits)
}

/** Cuts the structs that are held in part, which is rare: Yjs does it. */
const cutKnown = (bytes: Uint8Array, update: ScannedUpdate, stateVector: ReadonlyMap<number, number>): Uint8Array => {
  const known = new Map(update.runs.map(({ client }) => [client, stateVector.get(client) ?? 0]))
  return Y.diffUpdate(bytes, stateVectorBytes(known))
}

const decide = (
  bytes: Uint8Array,
  update: ScannedUpdate,
  reached: readonly Reached[],
  held: Held,
  mode: 'live' | 'step2',
  limits: ScanLimits,
): Admission => {
  let gap = false
  /** Whether all structs are new and taken, in the order in which Yjs writes clients. */
  let isWhole = true
  let lastClient = Number.POSITIVE_INFINITY
  const taken: Reached[] = []
  for (const each of reached) {
    const { run, first, next, last } = each
    if (next < last) gap = true
    if (next > first) taken.push(each)
    if (first !== run.first || next !== run.last || run.client >= lastClient) isWhole = false
    lastClient = run.client
  }
  let deletes: IdSet | null = null
  if (update.deletes !== null) {
    const fresh = held.deletes().subtract(update.deletes)
    const inside = fresh.below(clockAfter(taken, held.stateVector))
    if (inside !== fresh) gap = true
    if (inside !== update.deletes) isWhole = false
    if (!inside.isEmpty) deletes = inside
  }
  if (gap && mode === 'live') return { kind: 'gap' }
  if (taken.length === 0 && deletes === null) return { kind: 'nothing', gap }
  const runs = isWhole ? update.runs : taken.map(({ run, first, next }) => ({ ...run, first, last: next }))
  const keys = new Keys(update.structs, runs, held)
  if (limits !== NO_LIMITS && update.several.length > 0 && keys.holdSeveral(update.several, deletes)) {
    return { kind: 'invalid', reason: 'a key holds several values' }
  }
  if (limits !== NO_LIMITS && update.nothings.length > 0) {
    const read = { bytes, structs: update.structs, runs }
    if (held.xml().hold(update.nothings, read)) return { kind: 'invalid', reason: 'a null lies among XML' }
  }
  return {
    kind: 'new',
    bytes: isWhole ? bytes : writeReduced(bytes, update.structs, taken, deletes),
    source: bytes,
    structs: update.structs,
    taken,
    deletes,
    roots: update.roots,
    keys,
    gap,
  }
}

const clockAfter = (taken: readonly Reached[], stateVector: ReadonlyMap<number, number>) => {
  const advanced = new Map(taken.map(({ run, clock }) => [run.client, clock]))
  return (client: number): number => advanced.get(client) ?? stateVector.get(client) ?? 0
}
