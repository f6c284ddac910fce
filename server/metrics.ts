/** What is counted and measured, as Prometheus reads it. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, type MetricObject, Registry } from 'prom-client'
import type { CounterName, Counters } from './ports.ts'

export type { MetricObject } from 'prom-client'

const PREFIX = 'scriptorium_'

const COUNTED: Readonly<Record<CounterName, string>> = {
  updates_received: 'Updates that came from clients',
  updates_stored: 'Updates that brought something new and were taken in',
  updates_refused: 'Updates that failed a check: not stored, not relayed',
  updates_known: 'Updates that brought nothing new',
  relays_sent: 'Frames written to readers of a room',
  batches_committed: 'Batches committed to the log',
  append_retries: 'Append statements that had to be tried again',
  folds: 'Tails folded into a snapshot',
  fold_failures: 'Folds that failed',
  history_rows_joined: 'Rows of the history that became part of a coarser one',
  history_rows_dropped: 'Rows of the history dropped because of their age',
  rows_quarantined: 'Rows set aside because a page could not be read with them',
  sockets_opened: 'WebSockets accepted',
  sockets_closed: 'WebSockets ended',
  sockets_refused: 'WebSockets refused before or at their opening',
  readers_lagging: 'Readers whose queue was dropped for a fresh sync',
  presence_dropped: 'Presence entries that were not taken',
  updates_barred: 'Updates dropped because their sender may not write there now',
  updates_foreign: 'Updates not taken, in whole or in part, because the owner of their clientID is here',
  tokens_refused: 'Callers refused for want of a valid token',
  callback_failures: 'Questions that AUTH_CALLBACK_URL gave no answer to',
  rights_changed: 'Sockets whose rights were changed while they were open',
  limit_waiting_sockets: 'Sockets refused because MAX_WAITING_SOCKETS waited already',
  limit_user_sockets: 'Sockets refused because their user had MAX_USER_SOCKETS',
  limit_room_sockets: 'Sockets refused because their page had MAX_PAGE_SOCKETS',
  limit_address_sockets: 'Sockets refused because their address had MAX_ADDRESS_SOCKETS',
  limit_user_rooms: 'Sockets refused because their user had MAX_USER_PAGES open',
  limit_page_bytes: 'Updates refused because their page would be larger than MAX_PAGE_BYTES',
  limit_message_bytes: 'Updates refused because they were larger than MAX_UPDATE_BYTES',
  limit_partial_bytes: 'Sockets cut because half-received frames had more than MAX_PARTIAL_BYTES',
  limit_frame_bytes: 'Sockets closed with 1009 because a frame was larger than MAX_SYNC_BYTES',
  limit_header_bytes: 'Requests answered with 431 because their headers were larger than MAX_HEADER_BYTES',
  limit_asset_bytes: 'Pictures refused because of MAX_ASSET_BYTES or MAX_STORY_ASSET_BYTES',
  limit_memory: 'Pages not opened because memory was nearly used up',
  rate_pauses: 'Times that a socket was not read because it sent too fast',
  rate_closes: 'Sockets closed with 4529 after 30 s of not being read',
  rate_refusals: 'Requests, and pages of a sync, that were told to come later because too much came',
  channel_sent: 'Messages sent to other processes that hold the same pages',
  channel_heard: 'Messages heard from other processes',
  channel_unknown: 'Messages of other processes that were left unread: another version, or malformed',
  channel_dropped: 'What was not told to other processes, because it was too large or too much',
  workers_replaced: 'Workers that died and were replaced',
  pipes_opened: 'Sockets passed on to the node that has their page',
  pipes_failed: 'Sockets served here because the node that has their page did not take them',
  rooms_sent_home: 'Pages whose sockets were sent to where they are served now',
  connections_cut: 'Connections cut before their first line had come: after 10 s, or because too many waited',
}

export interface Metrics {
  readonly counters: Counters
  readonly contentType: string
  /** What a counter has come to. */
  total(name: CounterName): number
  /** Everything as Prometheus text. */
  text(): Promise<string>
  /** Everything, to be merged with that of other processes. */
  values(): Promise<readonly MetricObject[]>
  /** Has `scriptorium_<name>` read by `value` whenever somebody asks. */
  gauge(name: string, help: string, value: () => number): void
}

/** What several processes measured, each under labels of its own, as one text. */
export const mergedText = (all: readonly (readonly MetricObject[])[]): Promise<string> =>
  AggregatorRegistry.aggregate(all.map((values) => [...values])).metrics()

/** A registry of its own, so that two services in one process do not meet. @param labels stand with every value */
export const createMetrics = (labels: Readonly<Record<string, string>> = {}): Metrics => {
  const registry = new Registry()
  registry.setDefaultLabels(labels)
  // Its own default looks a hundred times a second how late the event loop is.
  collectDefaultMetrics({ register: registry, prefix: PREFIX, eventLoopMonitoringPrecision: 5000 })
  // Counted here and read there when somebody asks: an edit counts half a dozen times.
  const totals = Object.fromEntries(Object.keys(COUNTED).map((name) => [name, 0])) as Record<CounterName, number>
  for (const [name, help] of Object.entries(COUNTED)) {
    new Counter({
      name: `${PREFIX}${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(totals[name as CounterName])
      },
    })
  }
  return {
    counters: {
      count: (name, by = 1) => {
        totals[name] += by
      },
    },
    total: (name) => totals[name],
    contentType: registry.contentType,
    text: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
    gauge: (name, help, value) => {
      new Gauge({
        name: `${PREFIX}${name}`,
        help,
        registers: [registry],
        collect() {
          this.set(value())
        },
      })
    },
  }
}
