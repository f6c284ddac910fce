/** What is measured: the service, or a peer that speaks y-websocket too. */
import type { Releases } from '../../../server/release.ts'
import type { Inspector } from '../inspector.ts'

/** How clients reach a target. */
export interface Endpoint {
  /** WebSocket address to which a room's name is appended after a slash. */
  readonly base: string
  /** Whether it speaks `scriptorium.v1`, so acknowledges. */
  readonly acknowledges: boolean
}

export interface Started {
  readonly pid: number
  readonly endpoint: Endpoint
  /** Only where it was asked for. */
  readonly inspector: Inspector | null
  stop(): Promise<void>
}

export interface Target {
  readonly name: string
  readonly isPeer: boolean
  /** Starts it anew; `releases` stops it too. @throws Error when it does not come up */
  start(releases: Releases, inspected: boolean): Promise<Started>
  /** Process ids of its database. */
  databasePids(): Promise<readonly number[]>
}
