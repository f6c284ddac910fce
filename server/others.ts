/** The other processes that serve from the same database: which pages are whose, and what they tell each other. */
import { Exchange } from './channel/exchange.ts'
import { tunedHolders } from './channel/holders.ts'
import { type ChannelChoice, createChannel, prepareChannel } from './channel/open.ts'
import { portableHolders } from './channel/portable-holders.ts'
import { Cluster } from './cluster/cluster.ts'
import type { Parent } from './cluster/parent.ts'
import type { Config } from './config.ts'
import type { Database } from './database/port.ts'
import { sessionsAt } from './database/session.ts'
import type { Metrics } from './metrics.ts'
import type { Clock, Logger, Random } from './ports.ts'
import type { Releases } from './release.ts'
import { type Elsewhere, type Hearing, NOBODY_ELSE } from './room/elsewhere.ts'

export interface OthersParts {
  readonly config: Config
  /** UUID of this process. */
  readonly nodeId: string
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly parent: Parent | null
  /** The rooms of this process. */
  readonly hearing: () => Hearing
}

export interface Others {
  /** Null: the database serves this process alone. */
  readonly cluster: Cluster | null
  /** Who else holds a page. */
  readonly elsewhere: Elsewhere
  /** Whether there was nobody else when last looked. */
  isAlone(): boolean
  /** Looks whether there is nobody else. @throws DatabaseError */
  look(): Promise<boolean>
  /** From now on pages are shared with whoever comes, and `met` is called each time that somebody does. */
  begin(met: () => void): void
}

const NOBODY: Others = {
  cluster: null,
  elsewhere: NOBODY_ELSE,
  isAlone: () => true,
  look: async () => true,
  begin: () => undefined,
}

/** Makes this process known to the others, where there can be any. @throws DatabaseError */
export const joinOthers = async (parts: OthersParts, releases: Releases): Promise<Others> => {
  const { config, database, metrics } = parts
  const channel = channelOf(config)
  await prepareChannel(channel)
  const others = database.kind === 'postgres' ? await join(parts, channel, releases) : null
  metrics.gauge('channel_up', 'Whether this process hears other processes', () =>
    Number(others?.exchange.isUp ?? false),
  )
  metrics.gauge('rooms_shared', 'Rooms that other processes hold too', () => others?.exchange.shared ?? 0)
  if (others === null) return NOBODY
  const { cluster, exchange } = others
  const { nodes } = cluster
  return {
    cluster,
    elsewhere: exchange,
    isAlone: () => nodes.alone,
    look: () => nodes.isAlone(),
    begin: (met) => {
      nodes.onCompany(met)
      nodes.onCompany(() => exchange.begin())
      if (config.channel.kind !== 'auto') exchange.open()
      if (!nodes.alone) exchange.begin()
    },
  }
}

const join = async (
  { config, hearing, metrics, ...parts }: OthersParts,
  channel: ChannelChoice,
  releases: Releases,
): Promise<{ readonly cluster: Cluster; readonly exchange: Exchange }> => {
  const known = { ...parts, counters: metrics.counters }
  const cluster = await Cluster.join({ ...known, node: config.node })
  releases.push(() => cluster.leave())
  const holders = config.batchRooms === 1 ? portableHolders : tunedHolders
  const exchange = new Exchange({
    ...known,
    holders: holders(known.database, known.nodeId),
    channel: (events) => createChannel(channel, { ...known, ...events }),
    hearing,
    isAlone: () => cluster.nodes.alone,
  })
  releases.push(() => exchange.close())
  return { cluster, exchange }
}

const channelOf = ({ channel, databaseCa }: Config): ChannelChoice =>
  'listenUrl' in channel ? { kind: channel.kind, openSession: sessionsAt(channel.listenUrl, databaseCa) } : channel
