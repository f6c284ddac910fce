/** What the service tells operators, as far as the console shows it. */
import type { Job as AnyJob, OpenFigures, Person } from '../../../shared/operators.ts'

export interface DoctorReport {
  readonly pages: number
  readonly faults: number
  readonly mended: number
  readonly found: readonly {
    readonly page: string
    readonly findings: readonly { readonly level: 'fault' | 'note'; readonly what: string; readonly mended: boolean }[]
  }[]
}

export interface Job extends Omit<AnyJob, 'progress'> {
  readonly progress: { readonly done: number; readonly total: number } | null
}

export interface PageName {
  readonly story: string
  readonly page: string
}

export interface OpenRoom extends PageName, OpenFigures {}

export interface StoredPage extends PageName {
  readonly bytes: number
  readonly updates: number
  readonly tailRows: number
  readonly lastEdit: string
  readonly deletedAt: string | null
  readonly erased: boolean
}

export interface Rooms {
  /** Those in memory, whether or not somebody has them open. */
  readonly rooms: readonly OpenRoom[]
  /** How many match, of those that somebody has open, and of those in memory. */
  readonly open: number
  readonly held: number
  /** Processes that did not answer. */
  readonly silent: number
  readonly stored: readonly StoredPage[]
}

export interface RoomDetail extends PageName {
  readonly frozen: string | null
  readonly open: OpenRoom | null
  readonly people: readonly Person[]
  /** Processes that did not answer. */
  readonly silent: number
  readonly stored: StoredPage | null
}

export interface HistoryEntry {
  readonly author: string | null
  readonly kind: string
  readonly from: string
  readonly to: string
  readonly fromSeq: number
  readonly toSeq: number
  readonly bytes: number
  readonly edits: number
}

export interface Version {
  readonly id: string
  readonly kind: string
  readonly label: string | null
  readonly author: string | null
  readonly at: string
}

export interface Node {
  readonly id: string
  readonly name: string
  readonly startedAt: string
  readonly at: string
  readonly isHere: boolean
  readonly rooms: number
  readonly people: number
  readonly memory: number
  readonly busiest: readonly string[]
}

export interface Act {
  readonly at: string
  readonly author: string | null
  readonly act: string
  readonly story: string | null
  readonly page: string | null
  readonly about: string | null
  readonly detail: Readonly<Record<string, unknown>> | null
}
