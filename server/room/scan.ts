/**
 * One strict pass over a Yjs V1 update, without a Y.Doc: what it holds, as offsets and clocks. All numbers of all
 * structs lie in one flat array, because a keystroke should cost two microseconds and not one object a struct.
 */
import { CLOCK_END, IdSet } from './id-set.ts'
import { isNestedBeyond } from './nesting.ts'
import { InvalidUpdate, Reader } from './reader.ts'
import { Ref, skipContent } from './scan-content.ts'
import { Field, type Run, STRIDE } from './structs.ts'

/** What a root type is, by the first evidence: Yjs does not say. */
export type RootType = 'map' | 'xml' | 'text' | 'array'

export interface ScanLimits {
  /** Bytes of a root name or a map key. */
  readonly maxNameBytes: number
  /** Distinct root names that are new. */
  readonly maxRoots: number
  /** New shared types within one another. */
  readonly maxNesting: number
}

/** What a client may send at once. */
export const LIMITS: ScanLimits = { maxNameBytes: 4096, maxRoots: 1000, maxNesting: 200 }

/** For what was let in before, and was merged since. */
export const NO_LIMITS: ScanLimits = {
  maxRoots: Number.MAX_SAFE_INTEGER,
  maxNameBytes: Number.MAX_SAFE_INTEGER,
  maxNesting: Number.MAX_SAFE_INTEGER,
}

export interface ScannedUpdate {
  readonly runs: readonly Run[]
  /** `STRIDE` numbers a struct. */
  readonly structs: readonly number[]
  /** Offset of the delete set. */
  readonly deletesAt: number
  /** Null where nothing is deleted. */
  readonly deletes: IdSet | null
  /** Root names, with what they are where that can be told. */
  readonly roots: ReadonlyMap<string, RootType | null>
  /** Indices of the structs that hold several values and might lie at a key. */
  readonly several: readonly number[]
  /** Indices of the structs that hold a null or undefined and might not lie at a key. */
  readonly nothings: readonly number[]
  /** Why it may not come in as new. What is held already is beyond blame: whoever holds it too will offer it. */
  readonly fault: string | null
}

const NO_ROOTS: ReadonlyMap<string, RootType | null> = new Map()

const evidence = (ref: number, isXml: boolean, hasKey: boolean): RootType | null => {
  if (hasKey) return 'map'
  switch (ref) {
    case Ref.deleted:
      return null
    case Ref.string:
    case Ref.embed:
    case Ref.format:
      return 'text'
    default:
      return isXml ? 'xml' : 'array'
  }
}

class Scan {
  readonly reader: Reader
  readonly structs: number[]
  /** Numbers of `structs` that count. */
  size = 0
  readonly limits: ScanLimits
  roots: Map<string, RootType | null> | null = null
  types = 0
  readonly several: number[] = []
  readonly nothings: number[] = []
  /** The last root named and where, so that a name that comes again and again is decoded once. */
  #root = ''
  #rootFrom = 0
  #rootEnd = 0

  constructor(bytes: Uint8Array, limits: ScanLimits, structs: number[]) {
    this.reader = new Reader(bytes)
    this.structs = structs
    this.limits = limits
  }

  run(): Run {
    const { reader } = this
    const first = this.size / STRIDE
    const count = reader.varUint()
    if (count === 0) throw new InvalidUpdate('a client is listed without structs')
    const client = reader.varUint()
    let clock = reader.varUint()
    for (let i = 0; i < count; i++) clock = this.#struct(client, clock)
    return { client, first, last: first + count, end: reader.at }
  }

  #struct(client: number, clock: number): number {
    const { reader, structs } = this
    const start = reader.at
    const info = reader.byte()
    const ref = info & 31
    let beforeClient = -1
    let beforeClock = 0
    let afterClient = -1
    let afterClock = 0
    let isInside = 0
    let length: number
    let contentAt = reader.at
    const hasKey = (info & 32) !== 0 ? 1 : 0
    if (ref === Ref.gc || ref === Ref.skip) {
      if (info !== ref) throw new InvalidUpdate('a struct without content has references')
      length = reader.varUint()
    } else {
      let root: string | null = null
      if ((info & 128) !== 0) {
        beforeClient = reader.varUint()
        beforeClock = reader.varUint()
      }
      if ((info & 64) !== 0) {
        afterClient = reader.varUint()
        afterClock = reader.varUint()
      }
      if ((info & 192) === 0) {
        const parentInfo = reader.byte()
        if (parentInfo === 1) root = this.#rootName()
        else if (parentInfo === 0) {
          isInside = 1
          beforeClient = reader.varUint()
          beforeClock = reader.varUint()
        } else throw new InvalidUpdate('a parent is of an unknown kind')
        if (hasKey === 1) this.#skipKey()
      }
      if ((beforeClient === client && beforeClock >= clock) || (afterClient === client && afterClock >= clock)) {
        throw new InvalidUpdate('an item refers to what its client wrote later')
      }
      contentAt = reader.at
      length = skipContent(reader, ref)
      const isXml = length < 0
      if (isXml) length = 1
      if (ref === Ref.type) this.types++
      if (length > 1 && ref !== Ref.deleted && (info & 224) !== 0) this.several.push(this.size / STRIDE)
      if (reader.passedNothing) {
        reader.passedNothing = false
        if (hasKey === 0 || (info & 192) !== 0) this.nothings.push(this.size / STRIDE)
      }
      if (root !== null) this.#noteRoot(root, evidence(ref, isXml, hasKey === 1))
    }
    const endClock = clock + length
    if (length === 0) throw new InvalidUpdate('a struct is empty')
    if (endClock >= CLOCK_END) throw new InvalidUpdate('a clock is out of range')
    const at = this.size
    structs[at + Field.clock] = clock
    structs[at + Field.endClock] = endClock
    structs[at + Field.start] = start
    structs[at + Field.ref] = ref
    structs[at + Field.beforeClient] = beforeClient
    structs[at + Field.beforeClock] = beforeClock
    structs[at + Field.afterClient] = afterClient
    structs[at + Field.afterClock] = afterClock
    structs[at + Field.isInside] = isInside
    structs[at + Field.hasKey] = hasKey
    structs[at + Field.content] = contentAt
    this.size = at + STRIDE
    return endClock
  }

  #skipKey(): void {
    const { reader } = this
    const from = reader.at
    reader.skipText()
    if (reader.at - from > this.limits.maxNameBytes) throw new InvalidUpdate('a key is too long')
  }

  #rootName(): string {
    const { reader } = this
    const { bytes, at } = reader
    const size = this.#rootEnd - this.#rootFrom
    if (size > 0 && at + size <= bytes.length) {
      let i = 0
      while (i < size && bytes[at + i] === bytes[this.#rootFrom + i]) i++
      if (i === size) {
        reader.at += size
        return this.#root
      }
    }
    this.#root = reader.text(this.limits.maxNameBytes)
    this.#rootFrom = at
    this.#rootEnd = reader.at
    return this.#root
  }

  #noteRoot(name: string, type: RootType | null): void {
    this.roots ??= new Map()
    if ((this.roots.get(name) ?? null) !== null) return
    this.roots.set(name, type)
  }
}

const checkClientsOnce = (runs: readonly Run[]): void => {
  if (runs.length > 1 && new Set(runs.map((run) => run.client)).size < runs.length) {
    throw new InvalidUpdate('a client is listed twice')
  }
}

/** Larger ones are left to the collector. */
const MOST_SPARE = 1_000_000
let spare: number[] | null = []

/**
 * Lends `use` a place for the structs of an update that nobody looks at later. Memory of its own for a large one takes
 * longer to get than the update to be read.
 */
export const withSpare = <T>(use: (structs: number[]) => T): T => {
  const structs = spare ?? []
  spare = null
  try {
    return use(structs)
  } finally {
    spare = structs.length > MOST_SPARE ? [] : structs
  }
}

/**
 * Reads a whole update.
 * @param structs where they are put; what lay there before may lie behind them
 * @throws InvalidUpdate where it is malformed, or where a stock client would throw on it
 */
export const scanUpdate = (bytes: Uint8Array, limits: ScanLimits = LIMITS, structs: number[] = []): ScannedUpdate => {
  const scan = new Scan(bytes, limits, structs)
  const { reader } = scan
  const runs: Run[] = []
  for (let count = reader.varUint(); count > 0; count--) runs.push(scan.run())
  checkClientsOnce(runs)
  const deletesAt = reader.at
  const hasNoDeletes = bytes[deletesAt] === 0 && deletesAt === bytes.length - 1
  const deletes = hasNoDeletes ? null : IdSet.decode(bytes, deletesAt)
  const roots = scan.roots ?? NO_ROOTS
  let fault: string | null = null
  if (roots.size > limits.maxRoots) fault = 'it names too many root types'
  else if (scan.types > limits.maxNesting && isNestedBeyond(structs, runs, limits.maxNesting)) {
    fault = 'shared types are nested too deep'
  }
  return { runs, structs, deletesAt, deletes, roots, several: scan.several, nothings: scan.nothings, fault }
}
