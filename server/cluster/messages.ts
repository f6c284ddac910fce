/** What a service and its workers say to each other, over the channel between the processes. */
import type { MetricObject } from '../metrics.ts'

/** To a worker. A `connection` comes with its socket. */
export type ToWorker =
  | { readonly kind: 'connection'; readonly head: Uint8Array }
  | { readonly kind: 'status'; readonly id: number }
  /** Slots whose workers serve; said first when the service listens. */
  | { readonly kind: 'live'; readonly slots: readonly string[] }
  | { readonly kind: 'end' }

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'ready' }
  /** An operator asked it that the service ends. */
  | { readonly kind: 'asked to end' }
  | { readonly kind: 'failed'; readonly reason: string }
  | ({ readonly kind: 'status'; readonly id: number } & Status)

export interface Status {
  /** Whether the database answered last. */
  readonly database: boolean
  readonly metrics: readonly MetricObject[]
}

/** Names the slot of a worker in its environment. */
export const SLOT_NAME = 'SCRIPTORIUM_WORKER'
