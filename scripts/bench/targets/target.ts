/** What is measured: the service, or a peer. */
import type { Releases } from '../../../server/release.ts'
import type { BenchDatabase } from '../database.ts'
import type { Inspector } from '../inspector.ts'
import type { Dialect } from '../load/wire.ts'

/** How clients reach a target. */
export interface Endpoint {
  /** WebSocket address to which a room's name is appended after a slash. */
  readonly base: string
  readonly dialect: Dialect
  /** A program that is a real client of it, where stock y-websocket is none. */
  readonly client: readonly string[] | null
  /** Where its pages can be read without it; null: nowhere. */
  readonly storage: Storage | null
}

export interface Storage {
  /** Of a PostgreSQL. */
  readonly url: string
  /** Gives rows of `name` and `data`, a Yjs update, for an array of rooms' names. */
  readonly sql: string
}

export interface Started {
  readonly pid: number
  readonly endpoint: Endpoint
  /** Only where it was asked for. */
  readonly inspector: Inspector | null
  stop(): Promise<void>
}

/**
 * What a target can do, each more than the one before: pass on, keep a page in memory, keep it over a
 * restart, write it to a database while people type.
 */
export type Ability = 'relays' | 'holds' | 'stores' | 'writes'
const ABILITIES: readonly Ability[] = ['relays', 'holds', 'stores', 'writes']

export interface How {
  /** Whether its inspector is open. */
  readonly inspected: boolean
  /** Whether it must keep pages over a restart. */
  readonly keeps: boolean
}

export interface Target {
  readonly name: string
  readonly isPeer: boolean
  readonly ability: Ability
  /** The scenarios that it is measured in, by name; none given: all that it can do. */
  readonly only?: readonly string[]
  /** Starts it anew; `releases` stops it too. @throws Error when it does not come up */
  start(releases: Releases, how: How): Promise<Started>
  /** Leaves the pages of a process that was stopped as rooms leave them that nobody has been in for a while. @throws Error when it cannot */
  settle?(releases: Releases): Promise<void>
  /** Null: it has none that is a server of its own. */
  readonly database: Pick<BenchDatabase, 'atWork'> | null
}

/** Whether a peer is measured in a scenario that needs so much. */
export const isMeasuredIn = ({ ability, only }: Target, scenario: string, needed: Ability): boolean =>
  ABILITIES.indexOf(ability) >= ABILITIES.indexOf(needed) && (only === undefined || only.includes(scenario))
