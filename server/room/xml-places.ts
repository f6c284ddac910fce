/**
 * Which items lie among XML: in an element or a fragment, or in a root that holds XML and nothing else. Clients write text
 * and elements there; of a null among them not even the text of the page could be read. A root that holds other values
 * too is somebody's array, whoever put XML into it. Gathered only for pages that somebody writes a null to.
 */
import { IdSet } from './id-set.ts'
import { structAt } from './nesting.ts'
import { Reader } from './reader.ts'
import { Ref, TypeRef } from './scan-content.ts'
import { Field, type Run, STRIDE } from './structs.ts'

/** Where an item lies: not known yet, elsewhere, in an XML type, or in the root with this number or above. */
const UNKNOWN = 0
const ELSEWHERE = 1
const IN_XML = 2
const IN_ROOT = 3

/** Contents that say nothing of what holds them. */
const WITHOUT_VALUE: ReadonlySet<number> = new Set([Ref.gc, Ref.deleted, Ref.format, Ref.skip])

/** An update that is new: its bytes, `STRIDE` numbers a struct, and the runs of it that count. */
interface Read {
  readonly bytes: Uint8Array
  readonly structs: readonly number[]
  readonly runs: readonly Run[]
}

interface Root {
  readonly ids: IdSet
  /** Whether it holds a type that only XML holds. */
  hasXml: boolean
  /** Whether it holds what XML does not. */
  hasOther: boolean
}

export class XmlPlaces {
  readonly #roots = new Map<string, number>()
  readonly #byNumber: Root[] = []
  /** Items in elements and fragments. */
  readonly #inXml = new IdSet()
  /** Elements and fragments. */
  readonly #containers = new IdSet()

  /** Adds what was let in. */
  add(read: Read): void {
    const update = new Update(read, this)
    for (const { client, first, last } of read.runs) {
      for (let struct = first; struct < last; struct++) {
        const place = update.placeOf(struct)
        const [clock, count] = update.clocksOf(struct)
        if (place === IN_XML) this.#inXml.add(client, clock, count)
        else if (place >= IN_ROOT) {
          const root = this.#byNumber[place - IN_ROOT] as Root
          root.ids.add(client, clock, count)
          if (isXmlOnly(update.typeOf(struct))) root.hasXml = true
          else if (update.isValue(struct)) root.hasOther = true
        }
        if (isContainer(update.typeOf(struct))) this.#containers.add(client, clock, 1)
      }
    }
  }

  /** Whether any of the structs with these indices lies among XML, of this update or of what was added before. */
  hold(some: readonly number[], read: Read): boolean {
    const update = new Update(read, this)
    for (const struct of some) {
      if (!read.runs.some(({ first, last }) => first <= struct && struct < last)) continue
      const place = update.placeOf(struct)
      if (place === IN_XML) return true
      const root = this.#byNumber[place - IN_ROOT]
      if (root !== undefined && !root.hasOther && (root.hasXml || update.putsXmlInto(place))) return true
    }
    return false
  }

  /** The place of an item that is held. */
  placeOf(client: number, clock: number): number {
    if (this.#inXml.has(client, clock)) return IN_XML
    const root = this.#byNumber.findIndex(({ ids }) => ids.has(client, clock))
    return root < 0 ? ELSEWHERE : IN_ROOT + root
  }

  isContainer(client: number, clock: number): boolean {
    return this.#containers.has(client, clock)
  }

  root(name: string): number {
    let number = this.#roots.get(name)
    if (number === undefined) {
      number = IN_ROOT + this.#byNumber.push({ ids: new IdSet(), hasXml: false, hasOther: false }) - 1
      this.#roots.set(name, number)
    }
    return number
  }
}

const isXmlOnly = (type: number): boolean =>
  type === TypeRef.xmlElement || type === TypeRef.xmlHook || type === TypeRef.xmlText

const isContainer = (type: number): boolean => type === TypeRef.xmlElement || type === TypeRef.xmlFragment

/** The places of the items of one update. */
class Update {
  readonly #read: Read
  readonly #held: XmlPlaces
  readonly #byClient: ReadonlyMap<number, Run>
  readonly #places: Int32Array

  constructor(read: Read, held: XmlPlaces) {
    this.#read = read
    this.#held = held
    this.#byClient = new Map(read.runs.map((run) => [run.client, run]))
    this.#places = new Int32Array(read.structs.length / STRIDE)
  }

  clocksOf(struct: number): readonly [clock: number, count: number] {
    const clock = this.#number(struct, Field.clock)
    return [clock, this.#number(struct, Field.endClock) - clock]
  }

  /** The shared type that an item holds, as Yjs numbers it, or -1. */
  typeOf(struct: number): number {
    if (this.#number(struct, Field.ref) !== Ref.type) return -1
    return new Reader(this.#read.bytes, this.#number(struct, Field.content)).varUint()
  }

  /** Whether it holds something, and no mere format. */
  isValue(struct: number): boolean {
    return !WITHOUT_VALUE.has(this.#number(struct, Field.ref))
  }

  putsXmlInto(place: number): boolean {
    return this.#read.runs.some(({ first, last }) => {
      for (let struct = first; struct < last; struct++) {
        if (isXmlOnly(this.typeOf(struct)) && this.placeOf(struct) === place) return true
      }
      return false
    })
  }

  placeOf(struct: number): number {
    const path: number[] = []
    let at = struct
    let place = this.#places[at] as number
    while (place === UNKNOWN) {
      path.push(at)
      const next = this.#neighbour(at)
      if (next < 0) place = -next
      else {
        at = next
        place = this.#places[at] as number
      }
    }
    for (const each of path) this.#places[each] = place
    return place
  }

  /** Index of the item that `struct` lies beside, or its place, negative, where that is known. */
  #neighbour(struct: number): number {
    const ref = this.#number(struct, Field.ref)
    if (ref === Ref.gc || ref === Ref.skip) return -ELSEWHERE
    const isInside = this.#number(struct, Field.isInside) === 1
    const field = this.#number(struct, Field.beforeClient) >= 0 ? Field.beforeClient : Field.afterClient
    const client = this.#number(struct, field)
    if (client < 0)
      return this.#number(struct, Field.hasKey) === 1 ? -ELSEWHERE : -this.#held.root(this.#rootOf(struct))
    const clock = this.#number(struct, field + 1)
    const run = this.#byClient.get(client)
    const own = run === undefined ? -1 : structAt(this.#read.structs, run, clock)
    if (!isInside) return own >= 0 ? own : -this.#held.placeOf(client, clock)
    if (this.#number(struct, Field.hasKey) === 1) return -ELSEWHERE
    const isXml = own >= 0 ? isContainer(this.typeOf(own)) : this.#held.isContainer(client, clock)
    return isXml ? -IN_XML : -ELSEWHERE
  }

  /** The name of the root that an item without neighbours names: it stands behind the two bytes that say so. */
  #rootOf(struct: number): string {
    return new Reader(this.#read.bytes, this.#number(struct, Field.start) + 2).text()
  }

  #number(struct: number, field: number): number {
    return this.#read.structs[struct * STRIDE + field] as number
  }
}
