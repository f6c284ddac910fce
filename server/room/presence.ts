/**
 * Who is here: awareness entries of a room, kept and relayed as raw bytes.
 * Stock clients echo every entry they hear, so an entry counts only from a socket that its clientID is bound to; those of
 * others are passed over before their state is looked at. Protocol: y-protocols/awareness.js.
 */

import { type AwarenessEntry, awarenessUpdate, readAwareness } from './awareness-update.ts'
import { added, NOTHING } from './gathered.ts'
import { LazyMap } from './lazy-map.ts'
import type { Identity } from './member.ts'
import { readPresence } from './presence-state.ts'

/** The slice of a member that presence needs. */
export interface Present {
  readonly user: string | null
  /** Who the others see, where somebody vouches for it. */
  readonly identity?: Identity | null
}

interface Claims<M> {
  claim(member: M, id: number): boolean
}

/** What a socket speaks for. */
interface Speaker {
  readonly ids: number[]
  hasSpoken: boolean
}

interface Client extends AwarenessEntry {
  clock: number
  state: Uint8Array | null
  isChanged: boolean
  /** Whether what members here said of it is still to be told to other processes. */
  isSaid: boolean
}

/** Ids one socket may speak for: its own, and those of documents it opened before a reconnect. */
const MAX_IDS = 16
/** JSON of what says that a client is gone. */
const GONE_BYTES = 'null'.length
/** Removals remembered, so that whoever returns can be told to renew. */
const MAX_REMOVED = 1000

/** An awareness update without entries: stock clients count it as a sign of life and nothing else. */
export const EMPTY_PRESENCE = new Uint8Array([0])

export class Presence<M extends Present> {
  readonly #maxBytes: number
  readonly #dropped: () => void
  readonly #owners: Claims<M> | null
  readonly #clients = new LazyMap<number, Client>()
  readonly #holders = new LazyMap<number, M[]>()
  readonly #speakers = new LazyMap<M, Speaker>()
  /** The last clock of clients that were removed. */
  #removed: Map<number, number> | null = null
  #changed: readonly Client[] = NOTHING
  #said: readonly Client[] = NOTHING
  /** Which process vouches for a client that is not here; none while all are. */
  #elsewhere: Map<number, string> | null = null

  /**
   * @param maxBytes of one client's state, as JSON
   * @param dropped called for each entry refused for its size or form
   * @param owners whether an id may be a member's: not when it is known as somebody else's
   */
  constructor(maxBytes: number, dropped: () => void, owners: Claims<M> | null = null) {
    this.#maxBytes = maxBytes
    this.#dropped = dropped
    this.#owners = owners
  }

  get hasChanged(): boolean {
    return this.#changed.length > 0
  }

  /**
   * Takes an awareness update from `member`; entries of ids that are not its own are passed over.
   * @returns an awareness update for this member alone, where it must renew its state, or null
   * @throws Error when the update is truncated or has bytes left over
   */
  receive(member: M, update: Uint8Array): Uint8Array | null {
    const speaker = this.#speakerOf(member)
    const isFirstOfOne = update[0] === 1 && !speaker.hasSpoken
    const own = readAwareness(update, (id) => isFirstOfOne || speaker.ids.includes(id))
    if (update[0] === 0) return null
    speaker.hasSpoken = true
    let renew: Uint8Array | null = null
    for (const { id, clock, state: json } of own) {
      if (isFirstOfOne && !this.bind(member, id)) continue
      const removedAt = this.#removed?.get(id)
      if (removedAt !== undefined && clock <= removedAt) {
        this.#removed?.delete(id)
        renew = awarenessUpdate([{ id, clock: removedAt, state: null }])
      } else this.#put(id, clock, json, member.identity ?? null, true)
    }
    return renew
  }

  /**
   * Binds a clientID to a socket: by its first awareness message, or because it wrote live under that id.
   * @returns whether it is bound to it now
   */
  bind(member: M, id: number): boolean {
    const { ids } = this.#speakerOf(member)
    if (ids.includes(id)) return true
    const holders = this.#holders.get(id)
    if (ids.length >= MAX_IDS || holders?.some((holder) => holder.user !== member.user)) return false
    if (this.#owners?.claim(member, id) === false) return false
    ids.push(id)
    this.#elsewhere?.delete(id)
    if (holders === undefined) this.#holders.set(id, [member])
    else holders.push(member)
    return true
  }

  /**
   * Takes an awareness update from another process, for which that vouches.
   * @throws Error when the update is malformed
   */
  receiveFrom(node: string, update: Uint8Array): void {
    for (const { id, clock, state } of readAwareness(update, () => true)) {
      const held = this.#clients.get(id)
      const isGone = state.length === GONE_BYTES && readPresence(state, null) === null
      if (isGone) {
        if (this.#elsewhere?.get(id) !== node) continue
        this.#elsewhere.delete(id)
        this.remove([id])
        continue
      }
      // A socket of it may still be open here, and tell no more.
      if (held !== undefined && clock < held.clock) continue
      if (held !== undefined && clock === held.clock && this.#holders.has(id)) continue
      this.#elsewhere ??= new Map()
      this.#elsewhere.set(id, node)
      this.#put(id, clock, state, null, false)
    }
  }

  /** Another process vouches for nobody any more. @returns the ids that are gone, unless they return */
  unbindFrom(node: string): number[] {
    const ids: number[] = []
    for (const [id, voucher] of this.#elsewhere ?? []) if (voucher === node) ids.push(id)
    for (const id of ids) this.#elsewhere?.delete(id)
    return ids
  }

  /** What members here said since the last call: for other processes. */
  takeSaid(): readonly AwarenessEntry[] {
    const said = this.#said
    if (said.length === 0) return said
    this.#said = NOTHING
    for (const client of said) client.isSaid = false
    return said
  }

  /** Those that members here speak for. */
  here(): AwarenessEntry[] {
    return [...this.#clients.values()].filter(({ id, state }) => state !== null && this.#holders.has(id))
  }

  /** Forgets a socket. @returns the ids that no other socket holds: gone, unless they return */
  unbind(member: M): number[] {
    const ids = this.#speakers.get(member)?.ids ?? []
    this.#speakers.delete(member)
    return ids.filter((id) => {
      const holders = this.#holders.get(id)?.filter((holder) => holder !== member) ?? []
      if (holders.length > 0) this.#holders.set(id, holders)
      else this.#holders.delete(id)
      return holders.length === 0
    })
  }

  /** Takes an id from whoever holds it. */
  evict(id: number): void {
    for (const holder of this.#holders.get(id) ?? []) {
      const ids = this.#speakers.get(holder)?.ids
      ids?.splice(ids.indexOf(id), 1)
    }
    this.#holders.delete(id)
    this.remove([id])
  }

  /** Removes ids that nobody holds now. The removal carries the last clock, so that a newer state still wins. */
  remove(ids: readonly number[]): void {
    for (const id of ids) {
      const client = this.#clients.get(id)
      if (client === undefined || this.#holders.has(id) || this.#elsewhere?.has(id) === true) continue
      this.#change(client, client.clock, null, true)
    }
  }

  /** What changed since the last call, as one awareness update; null when nothing did. */
  takeChanged(): Uint8Array | null {
    const changed = this.#changed
    if (changed.length === 0) return null
    this.#changed = NOTHING
    for (const client of changed) {
      client.isChanged = false
      if (client.state === null) this.#forget(client)
    }
    return awarenessUpdate(changed)
  }

  /** Everybody who is here, as one awareness update; null when nobody is. */
  all(): Uint8Array | null {
    const here = [...this.#clients.values()].filter(({ state }) => state !== null)
    return here.length === 0 ? null : awarenessUpdate(here)
  }

  #speakerOf(member: M): Speaker {
    const known = this.#speakers.get(member)
    if (known !== undefined) return known
    const speaker = { ids: [], hasSpoken: false }
    this.#speakers.set(member, speaker)
    return speaker
  }

  #put(id: number, clock: number, json: Uint8Array, identity: Identity | null, isSaidHere: boolean): void {
    const held = this.#clients.get(id)
    if (held !== undefined && clock < held.clock) return
    const state = this.#read(json, identity)
    if (state === undefined || (held === undefined && state === null)) return
    if (held !== undefined && clock === held.clock && state !== null) return
    this.#removed?.delete(id)
    const client = held ?? { id, clock, state: null, isChanged: false, isSaid: false }
    this.#clients.set(id, client)
    this.#change(client, clock, state, isSaidHere)
  }

  /** @returns undefined where it is refused */
  #read(json: Uint8Array, identity: Identity | null): Uint8Array | null | undefined {
    const state = json.length > this.#maxBytes ? undefined : readPresence(json, identity)
    if (state === undefined) this.#dropped()
    return state
  }

  #change(client: Client, clock: number, state: Uint8Array | null, isSaidHere: boolean): void {
    client.clock = clock
    client.state = state
    if (isSaidHere && !client.isSaid) {
      client.isSaid = true
      this.#said = added(this.#said, client)
    }
    if (client.isChanged) return
    client.isChanged = true
    this.#changed = added(this.#changed, client)
  }

  #forget({ id, clock }: Client): void {
    this.#clients.delete(id)
    this.#removed ??= new Map()
    const oldest = this.#removed.size >= MAX_REMOVED ? this.#removed.keys().next() : null
    if (oldest !== null && !oldest.done) this.#removed.delete(oldest.value)
    this.#removed.set(id, clock)
  }
}
