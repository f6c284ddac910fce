/**
 * Letting an update in: cut down to what is new, then checked. Whatever is let in joins on to what the room holds:
 * no clock is left out, and origins, parents and deletes refer to what is there or stands causally earlier.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { InvalidUpdate } from './cursor.ts'
import { Deletes, type DeleteRange } from './deletes.ts'
import { type Block, type ScannedUpdate, type Struct, scanUpdate } from './scan.ts'
import { type StateVector, stateVectorBytes } from './state-vector.ts'

/** What a room holds, as far as letting in needs it. */
export interface Held {
  readonly stateVector: ReadonlyMap<number, number>
  /** Decoded when an update first asks for it. */
  deletes(): Deletes
}

export type Admission =
  /** No reader may be sent this. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** A live update that refers to what the room lacks: nothing is taken. */
  | { readonly kind: 'gap' }
  /** Everything is known. `gap`: but for what refers to what the room lacks. */
  | { readonly kind: 'nothing'; readonly gap: boolean }
  | {
      readonly kind: 'new'
      /** Just what is new, as one Yjs V1 update; the buffer that came where all of it is. */
      readonly bytes: Uint8Array
      /** Client and its clock after this update. */
      readonly advances: readonly (readonly [number, number])[]
      readonly deletes: readonly DeleteRange[]
      /** Clients with new structs. */
      readonly clients: readonly number[]
      /** Whether something was left out because it refers to what the room lacks. */
      readonly gap: boolean
    }

/**
 * Checks an update against what the room holds.
 * @param kind a live update is all or nothing; of a step 2 the causally complete prefix of each client is taken
 */
export const admit = (bytes: Uint8Array, held: Held, kind: 'live' | 'step2'): Admission => {
  try {
    const aligned = align(bytes, scanUpdate(bytes), held.stateVector)
    return admitScanned(aligned.bytes, aligned.scanned, held, kind)
  } catch (error) {
    if (error instanceof InvalidUpdate) return { kind: 'invalid', reason: error.message }
    throw error
  }
}

/** Advances what is held by what was let in. */
export const apply = (admission: Admission & { kind: 'new' }, stateVector: StateVector, deletes: Deletes): void => {
  for (const [client, clock] of admission.advances) stateVector.set(client, clock)
  for (const range of admission.deletes) deletes.add(range)
}

/** Where the room's clock falls inside a struct, that struct is cut by Yjs; rare enough to scan again. */
const align = (
  bytes: Uint8Array,
  scanned: ScannedUpdate,
  stateVector: ReadonlyMap<number, number>,
): { bytes: Uint8Array; scanned: ScannedUpdate } => {
  const cut: StateVector = new Map()
  for (const { client, structs } of scanned.blocks) {
    const known = stateVector.get(client) ?? 0
    if (structs.some(({ clock, length, isSkip }) => !isSkip && clock < known && known < clock + length)) {
      cut.set(client, known)
    }
  }
  if (cut.size === 0) return { bytes, scanned }
  const rest = Y.diffUpdate(bytes, stateVectorBytes(cut))
  return { bytes: rest, scanned: scanUpdate(rest) }
}

const admitScanned = (bytes: Uint8Array, scanned: ScannedUpdate, held: Held, kind: 'live' | 'step2'): Admission => {
  const fresh = completePrefixes(scanned.blocks, held.stateVector)
  const gapInStructs = fresh.some(({ isComplete }) => !isComplete)
  if (gapInStructs && kind === 'live') return { kind: 'gap' }
  const taken = fresh.filter(({ structs }) => structs.length > 0)
  const advances = taken.map(({ client, end }) => [client, end] as const)
  const after = new Map(advances)
  const clipped = clip(scanned.deletes, (client) => after.get(client) ?? held.stateVector.get(client) ?? 0)
  if (clipped.gap && kind === 'live') return { kind: 'gap' }
  const gap = gapInStructs || clipped.gap
  const deletes = clipped.ranges.length === 0 ? [] : clipped.ranges.flatMap((range) => held.deletes().missing(range))
  if (taken.length === 0 && deletes.length === 0) return { kind: 'nothing', gap }
  const isWhole =
    !gap &&
    taken.length === scanned.blocks.length &&
    taken.every(({ structs }, i) => structs.length === scanned.blocks[i]?.structs.length) &&
    deletes.length === scanned.deletes.length &&
    deletes.every((range, i) => range.length === scanned.deletes[i]?.length)
  return {
    kind: 'new',
    bytes: isWhole ? bytes : encodeUpdate(bytes, taken, deletes),
    advances,
    deletes,
    clients: taken.map(({ client }) => client),
    gap,
  }
}

/** What is new of one client and joins on, and whether that is all that is new of it. */
interface Fresh {
  readonly client: number
  readonly structs: readonly Struct[]
  readonly end: number
  readonly isComplete: boolean
}

/** How far the structs of one client were taken. */
interface Progress {
  readonly block: Block
  readonly first: number
  next: number
  clock: number
}

/**
 * For each client the longest prefix of its new structs whose needs are held or taken before.
 * A client that waits for another one of the update is looked at again when that one has moved: linear in the structs.
 */
const completePrefixes = (blocks: readonly Block[], stateVector: ReadonlyMap<number, number>): Fresh[] => {
  const progresses = new Map<number, Progress>()
  for (const block of blocks) {
    const clock = stateVector.get(block.client) ?? 0
    let first = 0
    while (first < block.structs.length && endOf(block.structs[first] as Struct) <= clock) first++
    progresses.set(block.client, { block, first, next: first, clock })
  }
  const clockOf = (client: number): number => progresses.get(client)?.clock ?? stateVector.get(client) ?? 0
  const waiters = new Map<number, Progress[]>()
  const queue = [...progresses.values()]
  for (let progress = queue.pop(); progress !== undefined; progress = queue.pop()) {
    const before = progress.clock
    const missing = advance(progress, clockOf)
    if (missing !== null && progresses.has(missing) && missing !== progress.block.client) {
      const waiting = waiters.get(missing)
      if (waiting === undefined) waiters.set(missing, [progress])
      else waiting.push(progress)
    }
    if (progress.clock === before) continue
    queue.push(...(waiters.get(progress.block.client) ?? []))
    waiters.delete(progress.block.client)
  }
  return [...progresses.values()].map(({ block, first, next, clock }) => ({
    client: block.client,
    structs: block.structs.slice(first, next),
    end: clock,
    isComplete: next === block.structs.length,
  }))
}

/** Takes structs while they join on. @returns the client that the next one waits for, or null at the end or at a hole */
const advance = (progress: Progress, clockOf: (client: number) => number): number | null => {
  const { structs } = progress.block
  for (; progress.next < structs.length; progress.next++) {
    const struct = structs[progress.next] as Struct
    if (struct.isSkip || struct.clock !== progress.clock) return null
    for (let i = 0; i < struct.needs.length; i += 2) {
      const client = struct.needs[i] as number
      if ((struct.needs[i + 1] as number) >= clockOf(client)) return client
    }
    progress.clock = endOf(struct)
  }
  return null
}

const endOf = (struct: Struct): number => struct.clock + struct.length

const clip = (
  ranges: readonly DeleteRange[],
  clockOf: (client: number) => number,
): { ranges: readonly DeleteRange[]; gap: boolean } => {
  if (ranges.every(({ client, clock, length }) => clock + length <= clockOf(client))) return { ranges, gap: false }
  const inside = ranges.flatMap(({ client, clock, length }) => {
    const kept = Math.min(length, clockOf(client) - clock)
    return kept > 0 ? [{ client, clock, length: kept }] : []
  })
  return { ranges: inside, gap: true }
}

const encodeUpdate = (bytes: Uint8Array, taken: readonly Fresh[], ranges: readonly DeleteRange[]): Uint8Array => {
  const deletes = new Deletes()
  for (const range of ranges) deletes.add(range)
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, taken.length)
    for (const { client, structs } of [...taken].sort((a, b) => b.client - a.client)) {
      const first = structs[0] as Struct
      encoding.writeVarUint(encoder, structs.length)
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, first.clock)
      encoding.writeUint8Array(encoder, bytes.subarray(first.from, (structs.at(-1) as Struct).to))
    }
    deletes.write(encoder)
  })
}
