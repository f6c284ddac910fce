/** What the service tells operators: the console and other tools read it as it is written here. */

/** Milliseconds; null: nothing happened. */
export interface Percentiles {
  readonly p50: number | null
  readonly p99: number | null
}

/** How one process stands: a row for each second that somebody looks. */
export interface Figures {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Pages in the memory of this process, whether or not somebody has them open. */
  readonly rooms: number
  /** Pages that somebody has open, in all processes; of the others, as they said within the last seconds. */
  readonly open: number
  /** In all processes; of the others, as they said within the last seconds. */
  readonly people: number
  /** Since the last row, a second each. */
  readonly updatesPerSecond: number
  readonly relaysPerSecond: number
  /** Until others see an edit, and until it is committed. */
  readonly relay: Percentiles
  readonly commit: Percentiles
  readonly tailBytes: number
  readonly snapshotBytes: number
  readonly unsavedBytes: number
  /** Resident memory of the process, in bytes. */
  readonly memory: number
  /** Of one core, from 0; more than 1 where threads work too. */
  readonly cpu: number
  /** Members who do not read as fast as they are written to, and where they are. */
  readonly slow: number
  readonly slowRooms: readonly string[]
  /** Whether the database answered last. */
  readonly database: boolean
}

/** How an open page stands. */
export interface OpenFigures {
  readonly members: number
  /** Members who do not read as fast as they are written to. */
  readonly slow: number
  readonly seq: number
  readonly snapshotBytes: number
  /** What lies above the snapshot. */
  readonly tailBytes: number
  readonly tailRows: number
  /** Taken in and not committed yet. */
  readonly unsavedBytes: number
}

/** One who is on an open page. */
export interface Person {
  readonly user: string | null
  /** What the others see, where somebody vouches for it. */
  readonly name: string | null
  readonly role: 'read' | 'write' | 'manage'
  /** Whether it hears of each commit. */
  readonly acknowledged: boolean
  /** It does not read as fast as it is written to: what it lacks is sent when it has caught up. */
  readonly isSlow: boolean
}

/** Long work, as it goes on. */
export interface Job {
  readonly id: string
  readonly name: string
  /** What was asked of it. */
  readonly asked: Readonly<Record<string, unknown>>
  readonly startedAt: number
  readonly endedAt: number | null
  readonly progress: unknown
  readonly report: unknown
  readonly fault: string | null
}

export interface Size {
  readonly rows: number
  readonly bytes: number
}

/** What a compaction came to. */
export interface CompactReport {
  readonly dryRun: boolean
  /** Pages looked at, and of these those that changed. */
  readonly pages: number
  readonly compacted: number
  readonly before: Size
  readonly after: Size
  readonly skipped: readonly { readonly page: string; readonly why: string }[]
  readonly quarantined: readonly { readonly page: string; readonly rows: number }[]
  readonly failed: readonly { readonly page: string; readonly why: string }[]
  /** Pictures that nothing referred to; null: they were not looked for. */
  readonly pictures: { readonly pictures: number; readonly bytes: number } | null
  readonly seconds: number
  /** How long it paused because the database was busy. */
  readonly pausedSeconds: number
}
