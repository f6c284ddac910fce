/** Why something asked of the archive cannot be had; the words name the remedy. */
import { DatabaseError } from '../../database/port.ts'

export type FaultKind =
  /** No such page, story or version. */
  | 'missing'
  /** It was deleted. */
  | 'deleted'
  /** The history of that moment is not kept any more. */
  | 'gone'
  /** Somebody else was first. */
  | 'raced'
  /** The name is in use, or was. */
  | 'taken'
  /** It could not be proven to do what it should, so it was not done. */
  | 'unproven'
  /** An Idempotency-Key that stood for another request. */
  | 'reused'
  /** As much is under way as may be. */
  | 'busy'
  /** Whoever is named did nothing there. */
  | 'nobody'
  /** As much is kept there as may be. */
  | 'full'
  /** The bytes are nothing that is kept here. */
  | 'unknown-type'
  /** What was asked makes no sense. */
  | 'invalid'

export class ArchiveFault extends Error {
  readonly kind: FaultKind
  constructor(kind: FaultKind, message: string) {
    super(message)
    this.name = 'ArchiveFault'
    this.kind = kind
  }
}

/** Whether a statement failed because the database does not answer. */
export const isDatabaseAway = (error: unknown): boolean => error instanceof DatabaseError && error.lost
