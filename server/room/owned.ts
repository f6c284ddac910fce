/** Updates by the owners of their clientIDs: what is left out, and who wrote which part. */
import type { Sender } from './by-sender.ts'
import { writeReduced } from './reduce.ts'
import type { Fresh } from './runs.ts'
import { type ScannedUpdate, scanUpdate } from './scan.ts'
import { Field, STRIDE } from './structs.ts'

/** Whoever brings an update, before the owners of the clientIDs in it. */
export interface Bringer {
  /** What is their own. */
  readonly self: Sender
  /** Whether what they bring under an id must be left out. */
  isBarredFrom(client: number): boolean
  /** Whose words those are that they bring under an id. */
  senderOf(client: number): Sender
  /** Notes that they wrote live under these ids. */
  wrote(clients: readonly number[]): void
}

interface Group {
  readonly sender: Sender
  readonly taken: Fresh['taken'][number][]
}

const NOBODY: Sender = { author: null, via: null }

/** An update without the structs of some clients. @throws InvalidUpdate */
export const leaveOut = (bytes: Uint8Array, clients: ReadonlySet<number>): Uint8Array => {
  const update = scanUpdate(bytes)
  const kept = update.runs.filter(({ client }) => !clients.has(client)).map((run) => whole(update, run))
  return writeReduced(bytes, update.structs, kept, update.deletes)
}

const whole = ({ structs }: ScannedUpdate, run: ScannedUpdate['runs'][number]): Fresh['taken'][number] => ({
  run,
  first: run.first,
  next: run.last,
  last: run.last,
  clock: structs[(run.last - 1) * STRIDE + Field.endClock] as number,
})

/** Of the clients whose structs are new, those that belong to somebody else who is here; null: none does. */
export const barredOf = ({ taken }: Fresh, from: Bringer): number[] | null => {
  let barred: number[] | null = null
  for (const { run } of taken) {
    if (!from.isBarredFrom(run.client)) continue
    barred ??= []
    barred.push(run.client)
  }
  return barred
}

/**
 * What was let in, cut apart by who wrote it. No part stands alone: they are kept in one batch. Deletes go with whoever
 * brought them: nobody can tell who else made them.
 */
export const bySender = (fresh: Fresh, kind: 'step2' | 'live', from: Bringer | null): (readonly [Sender, Fresh])[] => {
  if (from === null) return [[NOBODY, fresh]]
  const { taken, deletes } = fresh
  if (kind === 'live') from.wrote(taken.map(({ run }) => run.client))
  const groups: Group[] = []
  for (const each of taken) groupOf(groups, from.senderOf(each.run.client)).taken.push(each)
  const withDeletes = deletes === null ? null : groupOf(groups, from.self)
  const [only, ...others] = groups
  if (only === undefined || others.length === 0) return [[only?.sender ?? from.self, fresh]]
  return groups.map((group) => {
    const part = group === withDeletes ? deletes : null
    const bytes = writeReduced(fresh.source, fresh.structs, group.taken, part)
    return [group.sender, { ...fresh, bytes, taken: group.taken, deletes: part }] as const
  })
}

const groupOf = (groups: Group[], sender: Sender): Group => {
  const known = groups.find(({ sender: { author, via } }) => author === sender.author && via === sender.via)
  if (known !== undefined) return known
  const group: Group = { sender, taken: [] }
  groups.push(group)
  return group
}
