/** The port behind which a device keeps pages. A clientID is never kept: two copies under one would harm the page. */
import type * as Y from 'yjs'
import type { Acknowledged } from './waiting.ts'

export interface Kept {
  /** Resolves once the document holds what the device kept. @throws Error when that cannot be read */
  readonly loaded: Promise<Acknowledged | null>
  /** Keeps what is known to be committed, behind the changes it speaks of. */
  acknowledge(known: Acknowledged): void
  /** Forgets the page. */
  clear(): Promise<void>
  /** Writes what is left to write, and stops. */
  close(): Promise<void>
}

/**
 * Opens what is kept of a page, fills `doc` from it and keeps each change of it.
 * @param name the page, unique on the device
 * @param told hears why something cannot be kept; null: it can again
 */
export type Offline = (name: string, doc: Y.Doc, told: (fault: string | null) => void) => Kept

/** One that can say which pages it keeps. */
export interface ListedOffline extends Offline {
  /** Names of the pages kept here that begin so. @throws Error when that cannot be read */
  names(beginning: string): Promise<string[]>
}
