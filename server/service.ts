/** Assembles the service and hands each part what it needs; starts, drains and closes it. */
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { assembleAccess, concerns } from './access/assemble.ts'
import { Audit } from './access/audit.ts'
import { Changes } from './access/changes.ts'
import { inviter } from './access/invite.ts'
import { createManagers } from './access/managers.ts'
import { Standing } from './access/standing.ts'
import type { Access, Caller } from './access.ts'
import { readProxies } from './address.ts'
import { Exchange } from './channel/exchange.ts'
import { tunedHolders } from './channel/holders.ts'
import { type ChannelChoice, createChannel, prepareChannel } from './channel/open.ts'
import { portableHolders } from './channel/portable-holders.ts'
import { Cluster } from './cluster/cluster.ts'
import { LOOK_MS } from './cluster/nodes.ts'
import type { Parent } from './cluster/parent.ts'
import type { Config } from './config.ts'
import { migrate } from './database/migrate.ts'
import { openPglite } from './database/pglite.ts'
import type { Database } from './database/port.ts'
import { openPostgres } from './database/postgres.ts'
import { sessionsAt } from './database/session.ts'
import { putDemo } from './demo/demo.ts'
import { assembleWatch } from './figures/assemble.ts'
import { createTimings } from './figures/timings.ts'
import { createApp } from './http/app.ts'
import { authorizer, seer } from './http/authorize.ts'
import { answerClientErrors } from './http/client-error.ts'
import { eventRoutes } from './http/events.ts'
import { freezeRoutes } from './http/freeze.ts'
import { isFromHere } from './http/from-here.ts'
import { inviteRoutes } from './http/invite.ts'
import { operatorRoutes } from './http/operators.ts'
import { originAllowed } from './http/origin.ts'
import { peopleRoutes } from './http/people.ts'
import { syncPage } from './http/sync-page.ts'
import { writeUpdate } from './http/write.ts'
import { type Address, closeServer, listen } from './listen.ts'
import { acquireLock, type Lock } from './lock.ts'
import { openArchive } from './log/archive/archive.ts'
import { keepVersions } from './log/archive/automatic.ts'
import { openLog } from './log/log.ts'
import { createMetrics } from './metrics.ts'
import { followed, operations } from './operate.ts'
import { storyOperations } from './operate-stories.ts'
import type { Logger } from './ports.ts'
import { Rates } from './rates.ts'
import { type Releases, releasedOnFailure } from './release.ts'
import { NOBODY_ELSE } from './room/elsewhere.ts'
import { Rooms } from './room/rooms.ts'
import { isMemoryTight, processName, processUsage, systemClock, systemRandom } from './system.ts'
import { ThreadPool } from './threads/pool.ts'
import { Sockets } from './upgrade.ts'

export interface Service {
  readonly address: Address
  /** Stops accepting, tells every client to come back (1012), commits all. */
  drain(): Promise<void>
  /** Ends what `start` began, in reverse. */
  close(): Promise<void>
}

/** Frame bytes around an update. */
const FRAME_OVERHEAD = 16
/** A fold and a returning client's comparison need not wait for one another. */
const THREADS = 2
/** How often other processes' writes are looked for. */
const POLL_MS = LOOK_MS
/** How often changes of rights made by other processes are looked for. */
const RIGHTS_POLL_MS = 400
/** The share of the grace period in which sockets are handed over. */
const SPREAD_SHARE = 0.4
/** Whoever has not sent the headers of a request, or all of it, by then is cut. */
const HEADERS_MS = 10_000
const REQUEST_MS = 60_000

export interface ServiceParts {
  readonly logger: Logger
  /** Begins the end of the process, as SIGTERM does: an operator asks for it. */
  readonly end: () => void
  /** Only a worker has one: it accepts the connections. */
  readonly parent?: Parent
}

/**
 * Starts the service; a start that fails releases what it had.
 * @throws LockedError, DatabaseError, or the system's error when the address cannot be listened on
 */
export const startService = (config: Config, parts: ServiceParts): Promise<Service> =>
  releasedOnFailure((releases) => assemble(config, parts, releases))

const assemble = async (
  config: Config,
  { logger, end, parent }: ServiceParts,
  releases: Releases,
): Promise<Service> => {
  const clock = systemClock
  const random = systemRandom
  const metrics = createMetrics(parent === undefined ? {} : { worker: parent.slot })
  const { counters } = metrics
  const timings = createTimings()
  const { database, lock } = await openDatabase(config, logger, releases)
  await migrate(database)
  const channel = channelOf(config)
  await prepareChannel(channel)
  const nodeId = random.uuid()
  const { node } = config
  const cluster =
    database.kind === 'postgres'
      ? await Cluster.join({ nodeId, database, clock, random, logger, counters, node, parent: parent ?? null })
      : null
  releases.push(() => cluster?.leave())
  const exchange =
    cluster &&
    new Exchange({
      ...{ nodeId, clock, logger, counters },
      holders: (config.batchRooms === 1 ? portableHolders : tunedHolders)(database, nodeId),
      channel: (events) => createChannel(channel, { ...{ nodeId, clock, random, logger }, ...events }),
      hearing: () => rooms.hearing,
      isAlone: () => cluster.nodes.alone,
    })
  releases.push(() => exchange?.close())
  metrics.gauge('channel_up', 'Whether this process hears other processes', () => Number(exchange?.isUp ?? false))
  metrics.gauge('rooms_shared', 'Rooms that other processes hold too', () => exchange?.shared ?? 0)
  const threads = new ThreadPool({ threads: THREADS })
  releases.push(() => threads.close())
  const log = openLog({
    database,
    clock,
    random,
    logger,
    counters,
    threads,
    history: config.history,
    batchRooms: config.batchRooms,
    loadsAtOnce: Math.max(1, config.databasePool - 2),
  })
  releases.push(() => log.close())
  const { limits, fold } = config
  const rooms = new Rooms({
    log,
    clock,
    random,
    logger,
    counters,
    timings,
    elsewhere: exchange ?? NOBODY_ELSE,
    isTight: isMemoryTight,
    isAlone: () => cluster?.nodes.isAlone() ?? Promise.resolve(true),
    diff: (update, stateVector) => threads.run('diff', { update, stateVector }),
    settings: {
      foldRows: fold.rows,
      foldMaxRows: fold.maxRows,
      foldBytes: fold.bytes,
      foldRatio: fold.ratio,
      maxPresenceBytes: limits.presenceBytes,
      maxPageBytes: limits.pageBytes,
      maxUnsavedBytes: limits.unsavedBytes,
      maxIdleBytes: limits.idleRoomBytes,
      pollMs: database.kind === 'postgres' ? POLL_MS : 0,
    },
  })
  releases.push(() => rooms.close())
  const standing = new Standing()
  const { access, forget } = await assembleAccess({ auth: config.auth, standing, clock, logger, counters })
  const changes = new Changes({
    database,
    standing,
    clock,
    logger,
    process: random.uuid(),
    pollMs: database.kind === 'postgres' ? RIGHTS_POLL_MS : 0,
    isAlone: () => cluster?.nodes.alone ?? true,
    act: async (made) => {
      if (made.some(({ kind }) => kind === 'grant')) forget()
      await sockets.reconsider(({ caller, scope }) => made.some((change) => concerns(change, caller.user, scope)))
    },
  })
  const audit = new Audit(database, random)
  const managers = createManagers({ changes, database, random, clock })
  const managing = new Hono()
  const rates = new Rates(limits.rates, clock)
  const proxies = readProxies(config.trustedProxies)
  const authorize = authorizer({
    access,
    counters,
    isOperator: (c) => !config.openMode || isFromHere(c, proxies),
    request: (user, bytes) => rates.request(user, bytes),
  })
  freezeRoutes(managing, { ...managers, authorize })
  inviteRoutes(managing, { authorize, invite: inviter(config.auth, clock, random) })
  peopleRoutes(managing, { ...managers, authorize, isOpen: config.openMode, audit: (page) => audit.list(page) })
  const archive = openArchive({
    database,
    threads,
    random,
    changed: (roomId) => rooms.refresh(roomId),
    ended: (roomId) => rooms.endDeleted(roomId),
  })
  if (config.demo) await putDemo(archive)
  const { feed, jobs, reports, ...watch } = assembleWatch({
    database,
    clock,
    random,
    logger,
    timings,
    total: (name) => metrics.total(name),
    rooms: () => rooms.figures(),
    usage: processUsage,
    isReachable: () => log.reachable,
    name: processName(),
    isShared: database.kind === 'postgres',
    isAlone: () => cluster?.nodes.alone ?? true,
  })
  releases.push(() => watch.close())
  const ending = new AbortController()
  releases.push(() => ending.abort(new Error('the service ends')))
  operatorRoutes(managing, {
    authorize,
    rooms,
    archive,
    frozen: (page) => standing.frozen(page),
    nodes: () => reports.list(),
    membersElsewhere: (roomIds) => reports.membersElsewhere(roomIds),
    drain: () => clock.turn(end),
  })
  eventRoutes(managing, { authorize, feed, mayStay: (caller) => mayStay(access, caller, clock.now()) })
  const long = followed(operations({ database, clock, logger, counters, history: config.history }), jobs)
  const pages = () => rooms.ids
  releases.push(keepVersions({ archive, clock, logger, pages, minutes: config.history.versionMinutes }))
  let draining = false
  const app = createApp({
    config,
    guard: { config, maxBodyBytes: Math.max(limits.syncBytes, limits.assetBytes), note: (act) => audit.note(act) },
    routes: [managing],
    metrics,
    logger,
    api: {
      archive,
      authorize,
      sees: seer(access),
      write: (page, caller, update) => writeUpdate(rooms, page, caller, update),
      syncPage: (page, caller, offered) => syncPage(rooms, page, caller, offered),
      grant: (caller, scope) => access.grant(caller, scope),
      membersOf: async (roomIds) => {
        const elsewhere = await reports.membersElsewhere(roomIds)
        return (roomId) => rooms.membersOf(roomId) + (elsewhere.get(roomId) ?? 0)
      },
      now: () => clock.now(),
      after: (ms, task) => clock.after(ms, task),
      maxBodyBytes: limits.syncBytes,
      assets: {
        maxBytes: limits.assetBytes,
        maxStoryBytes: limits.storyAssetBytes,
        refused: () => counters.count('limit_asset_bytes'),
      },
    },
    work: {
      key: lock?.key ?? null,
      authorize: (c) => authorize(c, 'service', 'admin'),
      work: {
        ...long,
        ...storyOperations(archive),
      },
      detached: { names: Object.keys(long), isRunning: (name) => jobs.isRunning(name), ending: ending.signal },
    },
    readiness: () => ({ draining, database: log.reachable }),
    gauges: () => ({ rooms: rooms.open, unsavedBytes: rooms.unsavedBytes, pipes: cluster?.pipes ?? 0 }),
  })
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { maxHeaderSize: limits.headerBytes, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
  }) as Server
  answerClientErrors(server, counters)
  const sockets = new Sockets(server, {
    rooms,
    access,
    clock,
    random,
    logger,
    counters,
    settings: {
      maxUpdateBytes: limits.updateBytes,
      maxFrameBytes: limits.syncBytes + FRAME_OVERHEAD,
      maxWaiting: limits.waitingSockets,
      maxPartialBytes: limits.partialBytes,
      sockets: limits.sockets,
      readerPresence: config.auth.readerPresence,
    },
    rates,
    proxies,
    originAllowed: (origin, host) => originAllowed({ origin, host, config }),
    elsewhere: cluster,
  })
  await changes.open()
  cluster?.nodes.onCompany(() => changes.resume())
  cluster?.nodes.onCompany(() => exchange?.begin())
  if (config.channel.kind !== 'auto') exchange?.open()
  if (cluster?.nodes.alone === false) exchange?.begin()
  releases.push(() => changes.close())
  const address = parent === undefined ? await listen(server, config) : config
  parent?.serve(server, async () => ({ database: log.reachable, metrics: await metrics.values() }))
  releases.push(() => closeServer(server))
  releases.push(() => sockets.close())
  await cluster?.attend(sockets)
  lock?.setAddress(`http://${address.host}:${address.port}`)
  return {
    address,
    drain: async () => {
      draining = true
      sockets.drain()
      // Where others stay, pages go over to them little by little.
      const spreadMs = (await cluster?.drain()) ? config.shutdownGraceMs * SPREAD_SHARE : 0
      await Promise.all([sockets.close(spreadMs), cluster?.closePipes(spreadMs)])
      await log.drain()
    },
    close: () => releases.run(),
  }
}

/** Whether somebody may go on watching; rights that changed meanwhile speak. */
const mayStay = async (access: Access, caller: Caller, now: number): Promise<boolean> => {
  if (caller.expiresAt !== null && caller.expiresAt <= now) return false
  return !('refused' in (await access.grant(caller, { story: '_', page: null })))
}

const channelOf = ({ channel, databaseCa }: Config): ChannelChoice =>
  'listenUrl' in channel ? { kind: channel.kind, openSession: sessionsAt(channel.listenUrl, databaseCa) } : channel

const openDatabase = async (
  config: Config,
  logger: Logger,
  releases: Releases,
): Promise<{ database: Database; lock: Lock | null }> => {
  if (config.databaseUrl !== null) {
    const database = await openPostgres({
      url: config.databaseUrl,
      pool: config.databasePool,
      ca: config.databaseCa,
      logger,
    })
    releases.push(() => database.close())
    return { database, lock: null }
  }
  const lock = acquireLock(config.dataDir, { address: null })
  releases.push(() => lock.release())
  const database = await openPglite({ dir: `${config.dataDir}/pglite` })
  releases.push(() => database.close())
  return { database, lock }
}
