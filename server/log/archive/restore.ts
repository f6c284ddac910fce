/**
 * Putting a page back: an edit computed in a worker thread on committed rows, written by compare-and-swap on the last
 * restore, and relayed only then. Typing does not move `restore_seq`, so it neither stops a restore nor is hurt by one.
 */
import { MICROS, type Query, TIME } from '../../database/port.ts'
import type { Change, Spans } from '../../threads/page/blame.ts'
import type { Restored } from '../../threads/page/jobs.ts'
import { GOES_ON } from '../statements.ts'
import { ArchiveFault } from './fault.ts'
import { doOnce } from './once.ts'
import { type ArchiveParts, type Asked, told } from './parts.ts'
import { existing, type Moment, type Past, readPast } from './past.ts'
import { keepVersion, readVersion } from './versions.ts'

/** The state to go back to. */
export type Source = { readonly version: string } | { readonly at: Moment }

export interface RestoreAnswer {
  /** The page's seq with the edit. */
  readonly seq: number
  /** The version that keeps the state before; null where nothing had to change. */
  readonly version: string | null
}

export interface Preview {
  /** What would be inserted and deleted. */
  readonly changes: readonly Spans<Change>[]
}

/** What is read before a restore, and what it should lead to. */
export interface Planned {
  readonly roomId: string
  readonly past: Past
  readonly restored: Restored
}

/** Fences: deleted, erased, another epoch $3, gone back in time from $4, written at $5. And the swap: somebody else has restored since $2. */
const APPEND = `
  UPDATE scriptorium.room
  SET seq = seq + 1, restore_seq = seq + 1, bytes = bytes + $6,
      updated_at = greatest(statement_timestamp(), updated_at)
  WHERE room_id = $1 AND restore_seq = $2 AND epoch = $3 AND deleted_at IS NULL
    AND ${GOES_ON('$1', '$4::bigint', '$5::bigint')}
  RETURNING seq, ${MICROS('updated_at')} AS at`

const INSERT = `
  INSERT INTO scriptorium.update (room_id, seq, part, batch, author, at, kind, data)
  VALUES ($1, $2, 0, $3::uuid, $4, ${TIME('$5::bigint')}, $6, $7)`

/**
 * Makes a page equal to a version or moment of it.
 * @throws ArchiveFault: missing, deleted, gone, raced (somebody restored it meanwhile), unproven; DatabaseError
 */
export const restorePage = (
  parts: ArchiveParts,
  roomId: string,
  source: Source,
  { author, once }: Asked,
): Promise<RestoreAnswer> =>
  doOnce<RestoreAnswer>(parts.database, once, async (remember) => {
    const planned = await planRestore(parts, roomId, source)
    return commit(parts, planned, { kind: 'restore', author }, remember)
  })

/** What a restore would change. @throws as `restorePage` does */
export const previewRestore = async (parts: ArchiveParts, roomId: string, source: Source): Promise<Preview> => {
  const { restored } = await planRestore(parts, roomId, source, { preview: true })
  return { changes: restored.changes ?? [] }
}

/**
 * Reads what a restore needs, and computes its edit.
 * @throws ArchiveFault: missing, deleted unless `evenDeleted`, gone, unproven; DatabaseError
 */
export const planRestore = async (
  { database, threads }: ArchiveParts,
  roomId: string,
  source: Source,
  { preview = false, evenDeleted = false } = {},
): Promise<Planned> => {
  const target =
    'version' in source ? [(await readVersion(database, roomId, source.version, { evenDeleted })).data] : null
  const from = 'at' in source ? source.at : 'now'
  const past = await readPast(database, roomId, { from, to: 'now', evenDeleted })
  const restored = await told(
    threads.run('restorePage', { target: target ?? existing(past.from, from), present: past.to.page, preview }),
  )
  return { roomId, past, restored }
}

/** Whose changes of which time. */
export interface Period {
  readonly user: string | null
  readonly from: Date
  readonly to: Date
}

/**
 * Takes back what one person wrote and deleted in a period; what others did stays.
 * @throws as `restorePage` does; ArchiveFault nobody where the person did nothing then
 */
export const undoPerson = (
  parts: ArchiveParts,
  roomId: string,
  period: Period,
  { author, once }: Asked,
): Promise<RestoreAnswer> =>
  doOnce<RestoreAnswer>(parts.database, once, async (remember) => {
    const planned = await planUndo(parts, roomId, period, false)
    return commit(parts, planned, { kind: 'undo', author }, remember)
  })

/** What an undo would change. @throws as `restorePage` does */
export const previewUndo = async (parts: ArchiveParts, roomId: string, period: Period): Promise<Preview> => {
  const { restored } = await planUndo(parts, roomId, period, true)
  return { changes: restored.changes ?? [] }
}

const planUndo = async (
  { database, threads }: ArchiveParts,
  roomId: string,
  { user, from, to }: Period,
  preview: boolean,
): Promise<Planned> => {
  const before = { time: new Date(from.getTime() - 1) }
  const past = await readPast(database, roomId, { from: before, to: 'now', withBetween: true })
  const edits = past.between.filter(({ kind, at }) => kind === 'edit' && Math.floor(at) <= to.getTime())
  if (!edits.some(({ author }) => author === user)) throw nobodyOf(user, edits)
  const rows = past.between.map(({ author, at, kind, data }) => ({
    data,
    isTheirs: author === user && kind === 'edit' && Math.floor(at) <= to.getTime(),
  }))
  const asked = { base: past.from.page, rows, present: past.to.page, preview }
  return { roomId, past, restored: await told(threads.run('undoPage', asked)) }
}

const SHOWN_AUTHORS = 20

/** Nothing of theirs is there to take back: a name that is spelled otherwise must not look like success. */
const nobodyOf = (user: string | null, edits: readonly { readonly author: string | null }[]): ArchiveFault => {
  const authors = [...new Set(edits.map(({ author }) => named(author)))].slice(0, SHOWN_AUTHORS)
  const there = authors.length === 0 ? 'nor did anybody else' : `who did: ${authors.join(', ')}`
  return new ArchiveFault('nobody', `${named(user)} changed nothing in that period; ${there}`)
}

/** As a request names them. */
const named = (user: string | null): string => (user === null ? 'a user without a name (null)' : JSON.stringify(user))

interface Edit {
  readonly kind: 'restore' | 'undo'
  readonly author: string | null
}

const commit = async (
  parts: ArchiveParts,
  planned: Planned,
  edit: Edit,
  remember: (tx: Query, answer: RestoreAnswer) => Promise<void>,
): Promise<RestoreAnswer> => {
  const answer = await parts.database.transaction(async (tx) => {
    const written = await writeRestore(parts, tx, planned, edit)
    await remember(tx, written)
    return written
  })
  if (answer.version !== null) await parts.changed(planned.roomId)
  return answer
}

/** Writes the edit and the state before it, within a transaction. @throws ArchiveFault raced, deleted */
export const writeRestore = async (
  { random }: Pick<ArchiveParts, 'random'>,
  tx: Query,
  { roomId, past, restored: { update, before } }: Planned,
  { kind, author }: Edit,
  storyVersion?: string,
): Promise<RestoreAnswer> => {
  const version = { id: random.uuid(), seq: past.seq, kind: 'before', label: null, author, data: before } as const
  if (update === null) {
    if (storyVersion !== undefined) await keepVersion(tx, roomId, { ...version, storyVersion })
    return { seq: past.seq, version: null }
  }
  const fences = [roomId, past.restoreSeq, past.epoch, past.seq, past.writtenAt, update.length]
  const [row] = await tx.query<{ seq: number; at: number }>(APPEND, fences)
  if (row === undefined) throw new ArchiveFault('raced', 'the page was restored or deleted meanwhile: look at it again')
  await tx.query(INSERT, [roomId, row.seq, random.uuid(), author, row.at, kind, update])
  await keepVersion(tx, roomId, storyVersion === undefined ? version : { ...version, storyVersion })
  return { seq: row.seq, version: version.id }
}
