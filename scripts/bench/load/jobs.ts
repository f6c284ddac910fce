/** What the bench and its load process say to each other. */
import type { Endpoint } from '../targets/target.ts'
import type { Percentiles } from './histogram.ts'
import type { PageKind } from './pages.ts'

interface JobBase {
  readonly endpoint: Endpoint
  /** Rooms are named after it. */
  readonly prefix: string
  readonly seed: number
}

/** Typing into rooms. */
export interface TypingJob extends JobBase {
  readonly kind: 'typing'
  readonly rooms: number
  readonly clientsPerRoom: number
  readonly writersPerRoom: number
  /** Edits in all a second; or as many as keep `outstanding` edits of each writer on their way. */
  readonly pace: { readonly rate: number } | { readonly outstanding: number }
  /** That a writer has at most. */
  readonly edits: number
  /** How often each member's presence changes, and whether the others echo it as stock clients do. */
  readonly presence: { readonly hz: number; readonly echoes: boolean } | null
  /** Whether what its storage holds is looked at, and by that when an edit is there. */
  readonly looksAtStorage: boolean
  readonly warmupSeconds: number
  readonly seconds: number
}

export interface TypingResult {
  readonly typed: string
  /** Measured; shorter than asked for where nothing was left to type. */
  readonly seconds: number
  /** From sending to *saved*; null: nothing is acknowledged. */
  readonly saved: Percentiles | null
  /** From sending to another member's receipt. */
  readonly relayed: Percentiles | null
  /** From a change of presence to another member's receipt. */
  readonly presence: Percentiles | null
  /** From sending to where the server keeps it, looked up there; null: not looked up. */
  readonly stored: Percentiles | null
  readonly sent: number
  /** Null: nothing is acknowledged. */
  readonly savedInTime: number | null
  /** Edits times members that received them. */
  readonly delivered: number
  /** Messages that brought them to members, who get several edits in one where they are merged. */
  readonly frames: number
  readonly presenceDelivered: number
  /** How late the load itself was with its updates, ms. */
  readonly lateP99: number
}

/** Writes a page into each of many rooms and leaves. */
export interface FillJob extends JobBase {
  readonly kind: 'fill'
  readonly rooms: number
  readonly page: PageKind
}

export interface FillResult {
  /** Of one page. */
  readonly bytes: number
}

/** Joins: everybody one room, then each few a room of their own; stays until the end. */
export interface HoldJob extends JobBase {
  readonly kind: 'hold'
  readonly rooms: number
  readonly clientsPerRoom: number
  /** What `fill` wrote into each with the same seed; null: they are new. */
  readonly page: PageKind | null
  /** Whether all first join one room: shows what a connection alone costs. */
  readonly oneRoomFirst: boolean
  /** Stays so long after the last join, … */
  readonly settleSeconds: number
  /** … and then so long, measured. */
  readonly idleSeconds: number
}

/** A page that is there already, and many that join it. */
export interface JoinJob extends JobBase {
  readonly kind: 'join'
  readonly page: PageKind
  readonly joiners: number
  /** Spread evenly over so many seconds; 0: all at once. */
  readonly overSeconds: number
  /** Edits typed just before, which no snapshot holds yet. */
  readonly pending: number
}

export interface JoinResult {
  readonly typed: string
  readonly pageBytes: number
  readonly joins: Percentiles | null
  readonly seconds: number
  readonly receivedBytes: number
}

/** Many that have a page, wrote on it while away, and come back at once. */
export interface ReturnJob extends JobBase {
  readonly kind: 'return'
  readonly page: PageKind
  readonly clients: number
  readonly edits: number
}

export interface ReturnResult {
  readonly typed: string
  readonly pageBytes: number
  /** From the first connection until everybody has everything. */
  readonly allEqualMs: number
}

export type Job = TypingJob | FillJob | HoldJob | JoinJob | ReturnJob
export type JobResult = TypingResult | FillResult | JoinResult | ReturnResult | null

/** Moments at which the load process waits for the bench. */
export type Stage = 'measure' | 'measured' | 'ready' | 'one-room' | 'own-rooms'

/** Tells the bench where the job stands and waits for its word. */
export type Reach = (stage: Stage) => Promise<void>

export type FromLoad =
  | { readonly type: 'stage'; readonly stage: Stage }
  | { readonly type: 'done'; readonly result: JobResult }
  | { readonly type: 'failed'; readonly message: string }

export type ToLoad = { readonly type: 'job'; readonly job: Job } | { readonly type: 'go' }
