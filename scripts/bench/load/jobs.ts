/** What the bench and its load process say to each other. */
import type { Endpoint } from '../targets/target.ts'
import type { Percentiles } from './histogram.ts'

/** Typing at a fixed rate into rooms. */
export interface ReplayJob {
  readonly kind: 'replay'
  readonly endpoint: Endpoint
  /** Rooms are named after it. */
  readonly prefix: string
  readonly rooms: number
  readonly clientsPerRoom: number
  readonly writersPerRoom: number
  /** Updates a second in all. */
  readonly rate: number
  readonly warmupSeconds: number
  readonly seconds: number
  readonly seed: number
}

/** Writes a page of about `bytes` bytes into each of many rooms and leaves. */
export interface FillJob {
  readonly kind: 'fill'
  readonly endpoint: Endpoint
  readonly prefix: string
  readonly rooms: number
  readonly bytes: number
  readonly seed: number
}

/** Joins: everybody one room, then everybody a room of their own; stays until the end. */
export interface HoldJob {
  readonly kind: 'hold'
  readonly endpoint: Endpoint
  readonly prefix: string
  readonly rooms: number
}

export type Job = ReplayJob | FillJob | HoldJob

export interface ReplayResult {
  /** From sending to *saved*; null: nothing is acknowledged. */
  readonly saved: Percentiles | null
  /** From sending to another member's receipt. */
  readonly relayed: Percentiles | null
  readonly sentPerSecond: number
  /** Null: nothing is acknowledged. */
  readonly savedPerSecond: number | null
  readonly deliveredPerSecond: number
  /** How late the load itself was with its updates, ms. */
  readonly lateP99: number
  readonly checkedRooms: number
}

export interface FillResult {
  /** Of one page. */
  readonly bytes: number
}

/** Moments at which the load process waits for the bench. */
export type Stage = 'measure' | 'measured' | 'ready' | 'one-room' | 'own-rooms'

export type FromLoad =
  | { readonly type: 'stage'; readonly stage: Stage }
  | { readonly type: 'done'; readonly result: ReplayResult | FillResult | null }
  | { readonly type: 'failed'; readonly message: string }

export type ToLoad = { readonly type: 'job'; readonly job: Job } | { readonly type: 'go' }
