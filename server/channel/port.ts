/**
 * How processes that hold the same page hear from one another. A channel carries small messages, each to one process, at
 * most once: whatever it loses, the poll of the log repairs. `memory.ts`, `postgres.ts` and `redis.ts` implement it.
 */
import type { Clock, Logger, Random } from '../ports.ts'

export interface Letter {
  /** Id of the process that it is for. */
  readonly to: string
  readonly message: Uint8Array
}

export interface Channel {
  readonly kind: 'memory' | 'postgres' | 'redis'
  /** Bytes of one message at most; 0: nothing is carried. */
  readonly maxBytes: number
  /** Whether it is fast enough for updates themselves to travel on it, before their commit. */
  readonly carriesUpdates: boolean
  /** Whether this process is connected, and hears what is sent to it. */
  readonly isUp: boolean
  /** Connects, and stays connected as well as it can until it is closed. Idempotent. */
  open(): void
  /** Sends; resolves once another may be sent, whatever became of these. @returns how many were handed over */
  send(letters: readonly Letter[]): Promise<number>
  /** Ends the connections. */
  close(): Promise<void>
}

export interface ChannelParts {
  /** Id of this process: what it hears of is sent to this. */
  readonly nodeId: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Takes a message to this process. */
  heard(message: Uint8Array): void
  /** Told each time that it is connected: what was sent before may have been missed. */
  up(): void
  /** Told that it is not connected, or still not. */
  down(reason: string): void
}
