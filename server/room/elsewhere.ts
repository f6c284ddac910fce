/** Other processes that hold the same pages, as rooms see them. */
import type { Part } from '../log/port.ts'
import type { AwarenessEntry } from './awareness-update.ts'

/** What other processes are told. */
export interface Elsewhere {
  /** Whether updates travel by themselves, before their commit. */
  readonly carriesUpdates: boolean
  /** Whether another process holds a page too: only then has it to be told anything. */
  isShared(roomId: string): boolean
  /** A page is open here from now on. */
  opened(roomId: string): void
  /** It is open here no longer. */
  closed(roomId: string): void
  /** A page has been committed up to `seq`. */
  committed(roomId: string, seq: number): void
  /** What members here wrote; it may not be committed yet. No part stands alone. */
  wrote(roomId: string, epoch: number, parts: readonly Part[]): void
  /** What has changed about who is here. */
  present(roomId: string, entries: readonly AwarenessEntry[]): void
}

/** What other processes tell. */
export interface Hearing {
  /** The highest seq known here of a page that is open; null: it is not. */
  seqOf(roomId: string): number | null
  /** A page has been committed up to `seq`. */
  rung(roomId: string, seq: number): void
  /** What members elsewhere wrote; it may not be committed yet. */
  written(roomId: string, epoch: number, parts: readonly Part[]): void
  /** Who is there with a process. @throws Error when the update is malformed */
  present(roomId: string, nodeId: string, update: Uint8Array): void
  /** Those who were with a process on a page are there no longer, unless they return. */
  absent(roomId: string, nodeId: string): void
  /** Who is on a page here. */
  presentHere(roomId: string): readonly AwarenessEntry[]
  /** Something may have been missed: every open page is compared with the log. */
  look(): void
}

/** For a process that is the only one. */
export const NOBODY_ELSE: Elsewhere = {
  carriesUpdates: false,
  isShared: () => false,
  opened: () => undefined,
  closed: () => undefined,
  committed: () => undefined,
  wrote: () => undefined,
  present: () => undefined,
}
