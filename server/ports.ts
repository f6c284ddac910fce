/** Clock, randomness, timers and logging, handed in where the service is assembled, so that one seed can drive all of it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds since some moment, with fractions: what a piece of work took is a difference of two. */
  elapsed(): number
  /** Runs `task` after `ms`; the gift cancels it. */
  after(ms: number, task: () => void): () => void
  /** Runs `task` when this turn of the event loop has ended. */
  turn(task: () => void): void
}

export interface Random {
  /** A new UUID. */
  uuid(): string
  /** A number in [0, 1). */
  fraction(): number
}

/** The slice of a pino logger that the service uses. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Counters by name, for /metrics. */
export interface Counters {
  /** Adds `by` (default 1) to a counter declared in metrics.ts. */
  count(name: CounterName, by?: number): void
}

/** How long things take, for the console. */
export interface Timings {
  took(what: TimingName, ms: number): void
}

export type TimingName =
  /** From the first update that waits until its frame was handed to every reader. */
  | 'relay'
  /** From the first update that waits until its commit was answered. */
  | 'commit'

export type CounterName =
  | 'updates_received'
  | 'updates_stored'
  | 'updates_refused'
  | 'updates_known'
  | 'relays_sent'
  | 'batches_committed'
  | 'append_retries'
  | 'folds'
  | 'fold_failures'
  | 'rows_quarantined'
  | 'history_rows_joined'
  | 'history_rows_dropped'
  | 'sockets_opened'
  | 'sockets_closed'
  | 'sockets_refused'
  | 'readers_lagging'
  | 'presence_dropped'
  | 'updates_barred'
  | 'updates_foreign'
  | 'tokens_refused'
  | 'callback_failures'
  | 'rights_changed'
  | 'limit_waiting_sockets'
  | 'limit_user_sockets'
  | 'limit_room_sockets'
  | 'limit_address_sockets'
  | 'limit_user_rooms'
  | 'limit_page_bytes'
  | 'limit_message_bytes'
  | 'limit_partial_bytes'
  | 'limit_frame_bytes'
  | 'limit_header_bytes'
  | 'limit_asset_bytes'
  | 'limit_memory'
  | 'rate_pauses'
  | 'rate_closes'
  | 'rate_refusals'
  | 'channel_sent'
  | 'channel_heard'
  | 'channel_unknown'
  | 'channel_dropped'
