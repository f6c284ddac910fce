/**
 * Who is here: awareness entries of a room, kept and relayed as raw bytes.
 * Stock clients echo every entry they hear, so an entry counts only from a socket that its clientID is bound to.
 * Protocol: y-protocols/awareness.js.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

/** The slice of a member that presence needs. */
export interface Present {
  readonly user: string | null
}

interface Entry {
  clock: number
  json: string
}

/** Ids one socket may speak for: its own, and those of documents it opened before a reconnect. */
const MAX_IDS = 16
/** Removals remembered, so that whoever returns can be told to renew. */
const MAX_REMOVED = 1000
const GONE = 'null'

/** An awareness update without entries: stock clients count it as a sign of life and nothing else. */
export const EMPTY_PRESENCE = new Uint8Array([0])

export class Presence<M extends Present> {
  readonly #maxBytes: number
  readonly #dropped: () => void
  readonly #entries = new Map<number, Entry>()
  readonly #holders = new Map<number, Set<M>>()
  readonly #idsOf = new Map<M, Set<number>>()
  readonly #spoken = new Set<M>()
  readonly #removed = new Map<number, number>()
  readonly #changed = new Set<number>()

  /**
   * @param maxBytes of one client's state, as JSON characters
   * @param dropped called for each entry refused for its size or form
   */
  constructor(maxBytes: number, dropped: () => void) {
    this.#maxBytes = maxBytes
    this.#dropped = dropped
  }

  /**
   * Takes an awareness update from `member`; entries of ids that are not its own are passed over.
   * @returns an awareness update for this member alone, where it must renew its state, or null
   * @throws Error when the update is truncated or has bytes left over
   */
  receive(member: M, update: Uint8Array): Uint8Array | null {
    const entries = decodeEntries(update)
    if (entries.length === 0) return null
    if (entries.length === 1 && !this.#spoken.has(member)) this.bind(member, entries[0]?.id ?? 0)
    this.#spoken.add(member)
    let renew: Uint8Array | null = null
    for (const { id, clock, json } of entries) {
      if (!this.#holders.get(id)?.has(member)) continue
      const removedAt = this.#removed.get(id)
      if (removedAt !== undefined && clock <= removedAt) {
        this.#removed.delete(id)
        renew = encodeEntries([[id, { clock: removedAt, json: GONE }]])
        continue
      }
      this.#put(id, clock, json)
    }
    return renew
  }

  /** Binds a clientID to a socket: by its first awareness message, or because it wrote live under that id. */
  bind(member: M, id: number): void {
    const ids = this.#idsOf.get(member) ?? new Set()
    if (ids.has(id)) return
    const holders = this.#holders.get(id) ?? new Set()
    for (const holder of holders) if (holder.user !== member.user) return
    if (ids.size >= MAX_IDS) return
    ids.add(id)
    holders.add(member)
    this.#idsOf.set(member, ids)
    this.#holders.set(id, holders)
  }

  /** Forgets a socket. @returns the ids that no other socket holds: gone, unless they return */
  unbind(member: M): number[] {
    const orphans: number[] = []
    for (const id of this.#idsOf.get(member) ?? []) {
      const holders = this.#holders.get(id)
      holders?.delete(member)
      if (holders?.size === 0) {
        this.#holders.delete(id)
        orphans.push(id)
      }
    }
    this.#idsOf.delete(member)
    this.#spoken.delete(member)
    return orphans
  }

  /** Removes ids that nobody holds now. The removal carries the last clock, so that a newer state still wins. */
  remove(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id)
      if (entry === undefined || this.#holders.has(id)) continue
      entry.json = GONE
      this.#changed.add(id)
    }
  }

  /** What changed since the last call, as one awareness update; null when nothing did. */
  takeChanged(): Uint8Array | null {
    if (this.#changed.size === 0) return null
    const entries: [number, Entry][] = []
    for (const id of this.#changed) {
      const entry = this.#entries.get(id)
      if (entry === undefined) continue
      entries.push([id, entry])
      if (entry.json === GONE) this.#forget(id, entry.clock)
    }
    this.#changed.clear()
    return encodeEntries(entries)
  }

  /** Everybody who is here, as one awareness update; null when nobody is. */
  all(): Uint8Array | null {
    const entries = [...this.#entries].filter(([, entry]) => entry.json !== GONE)
    return entries.length === 0 ? null : encodeEntries(entries)
  }

  #put(id: number, clock: number, json: Uint8Array): void {
    const held = this.#entries.get(id)
    if (held !== undefined && clock < held.clock) return
    const state = readState(json, this.#maxBytes)
    if (state === null) {
      this.#dropped()
      return
    }
    if (held === undefined && state === GONE) return
    if (held !== undefined && clock === held.clock && state !== GONE) return
    this.#removed.delete(id)
    this.#entries.set(id, { clock, json: state })
    this.#changed.add(id)
  }

  #forget(id: number, clock: number): void {
    this.#entries.delete(id)
    const oldest = this.#removed.size >= MAX_REMOVED ? this.#removed.keys().next() : null
    if (oldest !== null && !oldest.done) this.#removed.delete(oldest.value)
    this.#removed.set(id, clock)
  }
}

/** Decoded whole before any entry counts: a length that lies must not reach past the message. */
const decodeEntries = (update: Uint8Array): { id: number; clock: number; json: Uint8Array }[] => {
  const decoder = decoding.createDecoder(update)
  const count = decoding.readVarUint(decoder)
  const entries: { id: number; clock: number; json: Uint8Array }[] = []
  for (let i = 0; i < count; i++) {
    const id = decoding.readVarUint(decoder)
    const clock = decoding.readVarUint(decoder)
    const length = decoding.readVarUint(decoder)
    if (length > update.length - decoder.pos) throw new Error('an awareness entry is longer than its message')
    entries.push({ id, clock, json: decoding.readUint8Array(decoder, length) })
  }
  if (decoding.hasContent(decoder)) throw new Error('bytes are left over after the awareness update')
  return entries
}

/** Checked once here, because a stock reader throws on JSON that does not parse. */
const readState = (json: Uint8Array, maxBytes: number): string | null => {
  if (json.length > maxBytes) return null
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(json)
    const state: unknown = JSON.parse(text)
    return state === null ? GONE : text
  } catch {
    return null
  }
}

const encodeEntries = (entries: readonly (readonly [number, Entry])[]): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, entries.length)
    for (const [id, entry] of entries) {
      encoding.writeVarUint(encoder, id)
      encoding.writeVarUint(encoder, entry.clock)
      encoding.writeVarString(encoder, entry.json)
    }
  })
