/** What a room needs of the log, and the rows they speak of. */

/** One author's share of a batch. `author` wrote it; `via` sent it where that was somebody else. */
export interface Part {
  readonly author: string | null
  readonly via: string | null
  /** One Yjs V1 update. */
  readonly data: Uint8Array
}

/** What one room appends at once: one seq, one row for each part, never cut. */
export interface Batch {
  /** UUID, unique in its room: tells after a lost connection whether the batch was written. */
  readonly id: string
  readonly parts: readonly Part[]
}

/** A committed batch as read back: its parts in order. */
export interface LoggedBatch {
  readonly seq: number
  /** When it was written, in microseconds since 1970 by the database's clock: tells it from another of that seq. */
  readonly at: number
  /** A batch of the history may stand for all from this seq on. */
  readonly firstSeq: number
  readonly id: string
  readonly parts: readonly Uint8Array[]
}

/** A snapshot: one squashed Yjs V1 update of all rows up to `seq`. */
export interface Snapshot {
  readonly seq: number
  readonly data: Uint8Array
  /** Encoded state vector of `data`. */
  readonly stateVector: Uint8Array
  /** Offset in `data` at which its delete set begins. */
  readonly deletesAt: number
  /** The ids at a key of a map, as a delete set is encoded; null: not gathered when it was folded. */
  readonly atKeys: Uint8Array | null
}

/** What a fold made; a raised epoch says that rows had to be set aside, so that every open room is out of date. */
export interface Folded extends Snapshot {
  readonly epoch: number
}

/** A room as loaded in one statement, so at one moment. `exists` false: nothing was ever written to it. */
export interface LoadedRoom {
  readonly exists: boolean
  readonly deleted: boolean
  readonly seq: number
  /** When the row of that seq was written; 0: there is none. */
  readonly at: number
  readonly epoch: number
  /** Encoded state vector of clients that may not go on here: what they wrote last was set aside. */
  readonly dead: Uint8Array | null
  readonly snapshot: Snapshot | null
  /** Rows above the snapshot, by seq. */
  readonly tail: readonly LoggedBatch[]
}

/** A room that waits to be written; the log calls it, so that what gathers meanwhile goes along. */
export interface Appending {
  readonly roomId: string
  readonly epoch: number
  /** Highest seq this process knows of the room; gap-free below it. */
  readonly seq: number
  /** When the row of that seq was written; 0: there is none. */
  readonly at: number
  /** Whether the room's row is known to exist. */
  readonly exists: boolean
  /** Updates since the last batch was taken. */
  readonly gathered: number
  /** Takes what has gathered, as the next batch; null when nothing has. Called once for each append, never while one is in flight. */
  take(): Batch | null
  /** How that batch ended. Called exactly once for each batch taken. */
  settle(outcome: Outcome): void
}

export type Outcome =
  /** Committed as `seq`; `seq > known + 1` means another process wrote between. */
  | { readonly kind: 'committed'; readonly seq: number; readonly at: number }
  /** The database does not hold the row that this process has seen last: it went back in time. Nothing was written. */
  | { readonly kind: 'went-back' }
  /** Deleted or another epoch. Nothing was written. */
  | { readonly kind: 'fenced'; readonly deleted: boolean }
  /** This room's batch alone fails again and again; `reason` is for the operator. Nothing was written. */
  | { readonly kind: 'failed'; readonly reason: string }

export interface Log {
  /** Loads a room. @throws DatabaseError */
  load(roomId: string): Promise<LoadedRoom>
  /** Rows with seq >= from, to see what others wrote (`from` itself to recognise the known row). @throws DatabaseError */
  read(roomId: string, from: number): Promise<LoggedBatch[]>
  /** Says that `room` has something to write. Idempotent; the log takes the batch when it has a statement free. */
  append(room: Appending): void
  /** Those of `known` that are otherwise now; null: the room is gone. @throws DatabaseError */
  changed(known: readonly KnownHead[]): Promise<Map<string, Head | null>>
  /** Who is recorded as the owner of a clientID; null: nobody is. @throws DatabaseError */
  writer(roomId: string, clientId: number): Promise<string | null>
  /** Squashes rows up to the present seq into a snapshot; null when there was nothing to do or another process won. @throws DatabaseError */
  fold(roomId: string): Promise<Folded | null>
  /** Resolves when nothing is waiting or in flight. */
  drain(): Promise<void>
  /** Whether the last statement reached the database. */
  readonly reachable: boolean
  /** Stops retrying, settles what remains as failed, waits for statements in flight. */
  close(): Promise<void>
}

/** A room as far as a process knows it. */
export interface KnownHead {
  readonly roomId: string
  readonly seq: number
  /** When the row of that seq was written; 0: there is none. */
  readonly at: number
  readonly epoch: number
}

export interface Head {
  readonly seq: number
  readonly at: number
  readonly epoch: number
  readonly deleted: boolean
}
