/** What a room holds of its page: snapshot, tail, state vector and deletes. Bytes, never a Y.Doc. */
import { Sync } from '../../shared/protocol.ts'
import type { LoggedBatch, Part, Snapshot } from '../log/port.ts'
import { type Admission, admit, apply, type Held, idsAtKeys, type New, xmlPlacesOf } from './admit.ts'
import type { BySender } from './by-sender.ts'
import { Heard } from './heard.ts'
import { IdSet } from './id-set.ts'
import { mergeUpdates } from './merge.ts'
import { type Bringer, barredOf, bySender, leaveOut } from './owned.ts'
import type { Fresh } from './runs.ts'
import { LIMITS, NO_LIMITS, type ScanLimits, withSpare } from './scan.ts'
import { type Before, decodeStateVector, type StateVector, stateVectorBytes } from './state-vector.ts'
import { bringUpToDate, type Diff, HeldSnapshot, type Known, type Reply } from './sync.ts'
import { Tail } from './tail.ts'
import type { XmlPlaces } from './xml-places.ts'

/** Most pages have had nothing set aside. */
const NOBODY: StateVector = new Map()
/** Stands in where an update deletes nothing, so that the deletes of an idle room stay encoded. */
const NONE = new IdSet()

/**
 * What was taken of an update. `barred`: clients whose structs were left out because their owners are here; with a live
 * update nothing is taken then.
 */
export type Taken =
  | (Admission & { readonly barred?: readonly number[] })
  | { readonly kind: 'owner'; readonly barred: readonly number[] }

/** A room before an update that is looked at: closures would take more memory than all that most rooms hold beside bytes. */
class HeldByRoom implements Held {
  readonly stateVector: StateVector
  readonly #content: Pick<Held, 'deletes' | 'atKeys' | 'xml'>

  constructor(stateVector: StateVector, content: Pick<Held, 'deletes' | 'atKeys' | 'xml'>) {
    this.stateVector = stateVector
    this.#content = content
  }

  deletes(): IdSet {
    return this.#content.deletes()
  }

  atKeys(): IdSet {
    return this.#content.atKeys()
  }

  xml(): XmlPlaces {
    return this.#content.xml()
  }
}

/** For clocks that advance before anybody is there. */
const NOBODY_TOLD: Before = { has: () => true, set: () => undefined, [Symbol.iterator]: () => [][Symbol.iterator]() }

const SET_ASIDE = 'it goes on from what was set aside from this page'

export class Content {
  readonly #tail = new Tail(this)
  readonly #stateVector: StateVector = new Map()
  /** Clients that may not go on here: what they wrote last was set aside. */
  readonly #dead: StateVector
  #snapshot: HeldSnapshot | null = null
  /** Decoded at first need, so that an idle room costs its bytes; from then on it holds the tail's deletes too. */
  #deletes: IdSet | null = null
  /** Ids at a key of a map: gathered at first need, kept from then on. */
  #atKeys: IdSet | null = null
  /** What lies among XML: gathered at first need, kept from then on. */
  #xml: XmlPlaces | null = null
  readonly #held = new HeldByRoom(this.#stateVector, this)
  readonly #heard = new Heard()
  /** Whether something that gathers goes on from what was only heard. */
  #needsHeard = false

  constructor(dead: StateVector = NOBODY) {
    this.#dead = dead
  }

  get bytes(): number {
    return (this.#snapshot?.data.length ?? 0) + this.#tail.bytes
  }

  get snapshotBytes(): number {
    return this.#snapshot?.data.length ?? 0
  }

  get unsavedBytes(): number {
    return this.#tail.unsavedBytes
  }

  get isGathering(): boolean {
    return this.#tail.isGathering
  }

  /** What lies above the snapshot: rows, bytes, and these as a share of the snapshot. */
  get tail(): { readonly rows: number; readonly bytes: number; readonly share: number } {
    const { rows, bytes } = this.#tail
    return { rows, bytes, share: bytes / (this.#snapshot?.data.length ?? 1) }
  }

  /** The encoded state vector: nothing below it is missing. */
  stateVector(): Uint8Array {
    return stateVectorBytes(this.#stateVector)
  }

  /** Whether anything is held of a client. */
  holdsClient(client: number): boolean {
    return this.#stateVector.has(client)
  }

  /** A copy of the state vector as it was before `advances`. */
  stateVectorBefore(advances: Before): StateVector {
    return new Map([...this.#stateVector, ...advances])
  }

  /**
   * Reduces and checks an update of a member, and gathers what is new of it and not somebody else's.
   * @param from null: nobody who could be told from others
   * @param before gets the clocks that the update advanced, as they were
   * @param also gathers it too
   */
  take(
    update: Uint8Array,
    kind: 'step2' | 'live',
    from: Bringer | null,
    before: Before,
    also: BySender | null = null,
  ): Taken {
    let admission = this.#admit(update, kind, LIMITS)
    const barred = admission.kind === 'new' && from !== null ? barredOf(admission, from) : null
    if (barred !== null) {
      if (kind === 'live') return { kind: 'owner', barred }
      admission = this.#admit(leaveOut(update, new Set(barred)), kind, LIMITS)
    }
    if (admission.kind !== 'new') return barred === null ? admission : { ...admission, barred }
    if (admission.taken.some(({ run }) => this.#dead.has(run.client))) return { kind: 'invalid', reason: SET_ASIDE }
    this.#apply(admission, before)
    // A frame is a view of what the socket read at once; a view kept would keep all of that.
    const kept = { ...admission, bytes: admission.bytes.slice() }
    for (const [sender, fresh] of bySender(kept, kind, from)) {
      this.#tail.gather(fresh, sender)
      also?.add(fresh, sender)
    }
    this.#needsHeard ||= this.#heard.isNeededBy(kept)
    return barred === null ? kept : { ...kept, barred }
  }

  /** What would be taken of an update, of which nothing is. */
  weigh(update: Uint8Array, kind: 'step2' | 'live'): Admission {
    return this.#admit(update, kind, LIMITS)
  }

  /**
   * Takes a batch read from the log, as committed.
   * @returns what is new of it, or `known`, or `gap` where it does not join on to what is held
   * @throws Error when it is no valid update
   */
  takeLogged(batch: LoggedBatch, before: Before): Fresh | 'known' | 'gap' {
    return this.#takeLogged(batch, before, [])
  }

  /**
   * Takes the rows of a page that nobody is on yet.
   * @throws Error where they are no valid updates, or do not join on to one another
   */
  load(tail: readonly LoggedBatch[]): void {
    withSpare((structs) => {
      for (const batch of tail) {
        if (this.#takeLogged(batch, NOBODY_TOLD, structs) !== 'gap') continue
        throw new Error(`row ${batch.seq} of the page refers to what the rows before it do not hold`)
      }
    })
  }

  #takeLogged(batch: LoggedBatch, before: Before, structs: number[]): Fresh | 'known' | 'gap' {
    const update = mergeUpdates(batch.parts)
    const admission = admit(update, this.#held, 'step2', NO_LIMITS, structs)
    if (admission.kind === 'invalid') throw new Error(`row ${batch.seq} of the page is invalid: ${admission.reason}`)
    if (admission.kind === 'gap' || admission.gap) return 'gap'
    this.#heard.read(update, batch.seq)
    if (admission.kind === 'nothing') return 'known'
    this.#apply(admission, before)
    this.#tail.addCommitted(batch.id, batch.seq, admission)
    return admission
  }

  /**
   * Takes what another process sent before its commit was read from the log, whole or not at all.
   * @param mark what the room counts it as
   * @param now by the clock, in ms
   * @returns what is new of it; null: nothing was taken, and the log will bring it
   */
  takeHeard(parts: readonly Part[], mark: number, now: number, before: Before): Fresh | null {
    const admission = this.#admit(mergeUpdates(parts.map(({ data }) => data)), 'live', NO_LIMITS)
    if (admission.kind !== 'new') return null
    if (admission.taken.some(({ run }) => this.#dead.has(run.client))) return null
    this.#apply(admission, before)
    const held = this.#tail.addHeard(admission)
    this.#heard.add(admission, { mark, parts, settle: (seq) => this.#tail.commitHeard(held, seq) }, now)
    return admission
  }

  /** The lowest mark of what was heard and is not known to be durable. */
  get firstHeard(): number {
    return this.#heard.firstMark
  }

  /** Whether what was heard must be written here, because it has not come from the log for long. */
  isHeardOverdue(now: number): boolean {
    return this.#heard.isOverdue(now)
  }

  /** Holds a snapshot in place of the rows that it folds. All of them must be held already, or none. */
  hold(snapshot: Snapshot): void {
    this.#snapshot = new HeldSnapshot(snapshot, decodeStateVector(snapshot.stateVector))
    for (const [client, clock] of this.#snapshot.stateVector) {
      if ((this.#stateVector.get(client) ?? 0) < clock) this.#stateVector.set(client, clock)
    }
    this.#tail.dropThrough(snapshot.seq)
  }

  /**
   * Cuts what has gathered into one batch, together with what was only heard where it goes on from that.
   * @param withHeard brings that along in any case
   */
  cut(batch: string, withHeard = false): Part[] {
    const parts = this.isGathering ? this.#tail.cut(batch) : []
    const bringsHeard = this.#needsHeard || withHeard
    this.#needsHeard = false
    return bringsHeard ? [...this.#heard.bring(batch), ...parts] : parts
  }

  /** Marks a batch as committed. */
  commit(batch: string, seq: number): void {
    this.#tail.commit(batch, seq)
    this.#heard.committed(batch, seq)
  }

  /** Whether whoever has `known` holds what was set aside from the page. */
  holdsDead(known: StateVector): boolean {
    for (const client of this.#dead.keys()) {
      if ((known.get(client) ?? 0) > (this.#stateVector.get(client) ?? 0)) return true
    }
    return false
  }

  /** Whether a batch is in the tail. */
  holds(batch: string): boolean {
    return this.#tail.holds(batch)
  }

  /** The messages that answer a step 1. */
  answer(known: Known, diff: Diff): Reply[] | Promise<Reply[]> {
    return bringUpToDate(known, this.#snapshot, this.#tail, Sync.step2, diff)
  }

  /** The messages that bring a reader who missed some up to date. */
  missed(since: Known, diff: Diff): Reply[] | Promise<Reply[]> {
    return bringUpToDate(since, this.#snapshot, this.#tail, Sync.update, diff)
  }

  #admit(update: Uint8Array, kind: 'step2' | 'live', limits: ScanLimits): Admission {
    return admit(update, this.#held, kind, limits)
  }

  #apply(admission: New, before: Before): void {
    for (const { run } of admission.taken) {
      if (!before.has(run.client)) before.set(run.client, this.#stateVector.get(run.client) ?? 0)
    }
    // It costs next to nothing while all lies in the snapshot, and a look at the whole tail later.
    if (this.#tail.isEmpty) this.atKeys()
    apply(admission, this.#stateVector, admission.deletes === null ? NONE : this.deletes(), {
      atKeys: this.#atKeys,
      xml: this.#xml,
    })
  }

  /** The ids at a key of a map. */
  atKeys(): IdSet {
    if (this.#atKeys === null) {
      const ofSnapshot = this.#snapshot?.idsAtKeys() ?? new IdSet()
      this.#atKeys = idsAtKeys(this.#tail.updates, ofSnapshot)
    }
    return this.#atKeys
  }

  /** What lies among XML. */
  xml(): XmlPlaces {
    const snapshot = this.#snapshot === null ? [] : [this.#snapshot.data]
    this.#xml ??= xmlPlacesOf([...snapshot, ...this.#tail.updates])
    return this.#xml
  }

  /** What is deleted. */
  deletes(): IdSet {
    this.#deletes ??= this.#snapshot === null ? new IdSet() : IdSet.decode(this.#snapshot.deletes)
    return this.#deletes
  }
}
