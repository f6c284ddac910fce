/**
 * Who owns which clientID: whoever announced it, or first wrote live with it. While a socket that holds an id is
 * connected, nobody else's structs come in under it. When its owner is away they do (only somebody else may still hold
 * what the owner wrote before a crash), and are recorded as the owner's, by way of whoever sent them.
 */

import type { Sender } from './by-sender.ts'
import { LazyMap } from './lazy-map.ts'
import type { Bringer } from './owned.ts'

/** The slice of a member that ownership needs. */
export interface Person {
  readonly user: string | null
}

interface Owner<M> {
  readonly user: string
  holders: readonly M[]
}

interface Told {
  claimed(id: number): void
}

/** Ids one socket may hold: its own, and those of documents it opened before a reconnect. */
const MAX_IDS = 16
/** Owners who are away that are remembered. */
const MAX_AWAY = 2000

export class Owners<M extends Person> {
  readonly #owners = new LazyMap<number, Owner<M>>()
  readonly #idsOf = new LazyMap<M, number[]>()
  readonly #told: Told | null

  /** @param told of each id that somebody claims of whom it was not known */
  constructor(told: Told | null = null) {
    this.#told = told
  }

  /** What is on record: an id is `user`'s, whoever claimed it meanwhile. @returns whether it is taken from somebody */
  record(id: number, user: string): boolean {
    const owner = this.#owners.get(id)
    if (owner?.user === user) return false
    this.#owners.set(id, { user, holders: [] })
    return owner !== undefined
  }

  /** Announces an id. @returns whether it is `member`'s, or nobody's who could own one */
  claim(member: M, id: number): boolean {
    const { user } = member
    const owner = this.#owners.get(id)
    if (user === null) return owner === undefined
    if (owner !== undefined && owner.user !== user) return false
    if (owner?.holders.includes(member)) return true
    const ids = this.#idsOf.get(member) ?? []
    if (ids.length >= MAX_IDS) return false
    ids.push(id)
    this.#idsOf.set(member, ids)
    if (owner === undefined) {
      this.#owners.set(id, { user, holders: [member] })
      this.#told?.claimed(id)
    } else owner.holders = [...owner.holders, member]
    return true
  }

  /** `member` before the owners; null where nobody can be told from others. */
  bringer(member: M): Bringer | null {
    const { user } = member
    if (user === null && this.#owners.size === 0) return null
    return {
      self: { author: user, via: null },
      isBarredFrom: (id) => this.#bars(member, id),
      senderOf: (id) => this.#senderOf(member, id),
      wrote: (ids) => this.#wrote(member, ids),
    }
  }

  /**
   * Notes that `member` wrote live. Its first words claim their id; later ones under another id may be of a document
   * that it has loaded, and be somebody else's.
   */
  #wrote(member: M, ids: readonly number[]): void {
    const [id] = ids
    if (id !== undefined && ids.length === 1 && !this.#idsOf.has(member)) this.claim(member, id)
  }

  /** Whose words those are that `member` brings under an id. */
  #senderOf({ user }: M, id: number): Sender {
    const owner = this.#owners.get(id)
    if (owner?.user === user) return { author: user, via: null }
    return { author: owner?.user ?? null, via: user }
  }

  #bars(member: M, id: number): boolean {
    const owner = this.#owners.get(id)
    return owner !== undefined && owner.user !== member.user && owner.holders.length > 0
  }

  /** Whether an id is held by `member` itself. */
  isHeldBy(member: M, id: number): boolean {
    const owner = this.#owners.get(id)
    return owner === undefined ? member.user === null : owner.holders.includes(member)
  }

  /** The sockets that hold an id. */
  holders(id: number): readonly M[] {
    return this.#owners.get(id)?.holders ?? []
  }

  /** Forgets a socket, not who it was. */
  release(member: M): void {
    for (const id of this.#idsOf.get(member) ?? []) {
      const owner = this.#owners.get(id)
      if (owner === undefined) continue
      owner.holders = owner.holders.filter((holder) => holder !== member)
      if (owner.holders.length > 0) continue
      // Put last, so that who left longest ago is forgotten first.
      this.#owners.delete(id)
      this.#owners.set(id, owner)
    }
    this.#idsOf.delete(member)
    if (this.#owners.size <= MAX_AWAY) return
    for (const [id, owner] of this.#owners) {
      if (this.#owners.size <= MAX_AWAY) return
      if (owner.holders.length === 0) this.#owners.delete(id)
    }
  }
}
