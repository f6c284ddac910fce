/** Assembles the service and hands each part what it needs; starts, drains and closes it. */
import { assembleAccess, concerns } from './access/assemble.ts'
import { Changes } from './access/changes.ts'
import { Standing } from './access/standing.ts'
import { readProxies } from './address.ts'
import { LOOK_MS } from './cluster/nodes.ts'
import type { Parent } from './cluster/parent.ts'
import { Questions } from './cluster/questions.ts'
import type { Config } from './config.ts'
import { newestMigration } from './database/migrate.ts'
import { putDemo } from './demo/demo.ts'
import { assembleWatch } from './figures/assemble.ts'
import { answererOf } from './figures/room-question.ts'
import { createTimings } from './figures/timings.ts'
import { originAllowed } from './http/origin.ts'
import { createHttpServer } from './http-server.ts'
import { Limits } from './limits.ts'
import { type Address, closeServer, listen } from './listen.ts'
import { openArchive } from './log/archive/archive.ts'
import { keepVersions } from './log/archive/automatic.ts'
import { openLog } from './log/log.ts'
import { createMetrics } from './metrics.ts'
import { openDatabase } from './open-database.ts'
import { joinOthers } from './others.ts'
import type { Logger } from './ports.ts'
import { Rates } from './rates.ts'
import { type Releases, releasedOnFailure } from './release.ts'
import { Rooms } from './room/rooms.ts'
import { Opening } from './socket-opening.ts'
import { Sockets } from './sockets.ts'
import { isMemoryTight, processName, processUsage, systemClock, systemRandom } from './system.ts'
import { ThreadPool } from './threads/pool.ts'
import { Upgrades } from './upgrade.ts'

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
  const nodeId = random.uuid()
  const metrics = createMetrics(parent === undefined ? {} : { worker: parent.slot })
  const { counters } = metrics
  const common = { clock, random, logger, counters }
  const timings = createTimings()
  const { database, lock } = await openDatabase(config, logger, releases)
  const isShared = database.kind === 'postgres'
  const others = await joinOthers(
    { ...common, config, nodeId, database, metrics, parent: parent ?? null, hearing: () => rooms.hearing },
    releases,
  )
  const threads = new ThreadPool({ threads: THREADS })
  releases.push(() => threads.close())
  const log = openLog({
    ...common,
    database,
    threads,
    history: config.history,
    batchRooms: config.batchRooms,
    workers: config.workers,
    loadsAtOnce: Math.max(1, config.databasePool - 2),
  })
  releases.push(() => log.close())
  const { limits, fold } = config
  const rooms = new Rooms({
    ...common,
    log,
    timings,
    elsewhere: others.elsewhere,
    isTight: isMemoryTight,
    isAlone: () => others.look(),
    workers: config.workers,
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
      pollMs: isShared ? POLL_MS : 0,
    },
  })
  releases.push(() => rooms.close())
  const archive = openArchive({
    database,
    threads,
    random,
    changed: (roomId) => rooms.refresh(roomId),
    ended: (roomId) => rooms.endDeleted(roomId),
  })
  if (config.demo) await putDemo(archive)
  const minutes = config.history.versionMinutes
  releases.push(keepVersions({ archive, clock, logger, pages: () => rooms.ids, minutes }))
  const watch = assembleWatch({
    ...common,
    database,
    timings,
    total: (name) => metrics.total(name),
    rooms: () => rooms.figures(),
    usage: processUsage,
    isReachable: () => log.reachable,
    id: nodeId,
    name: processName(),
    isShared,
    isAlone: () => others.isAlone(),
  })
  releases.push(() => watch.close())
  const standing = new Standing()
  const { access, forget } = await assembleAccess({ ...common, auth: config.auth, standing })
  const rates = new Rates(limits.rates, clock)
  const proxies = readProxies(config.trustedProxies)
  const seats = new Limits(limits.sockets)
  const sockets = new Sockets({ ...common, limits: seats })
  const changes = new Changes({
    database,
    standing,
    clock,
    logger,
    process: nodeId,
    pollMs: isShared ? RIGHTS_POLL_MS : 0,
    isAlone: () => others.isAlone(),
    act: async (made) => {
      if (made.some(({ kind }) => kind === 'grant')) forget()
      await sockets.reconsider(({ caller, scope }) => made.some((change) => concerns(change, caller.user, scope)))
    },
    rung: () => questions.reply(),
  })
  const questions = new Questions({
    ...common,
    database,
    nodeId,
    isAlone: () => others.isAlone(),
    ring: () => changes.ring(),
    answer: answererOf(rooms),
  })
  const opening = new Opening({
    ...common,
    sockets,
    rooms,
    access,
    limits: seats,
    rates,
    settings: {
      maxUpdateBytes: limits.updateBytes,
      maxPartialBytes: limits.partialBytes,
      readerPresence: config.auth.readerPresence,
    },
  })
  const upgrades = new Upgrades({
    ...common,
    opening,
    proxies,
    originAllowed: (origin, host) => originAllowed({ origin, host, config }),
    elsewhere: others.cluster,
    maxFrameBytes: limits.syncBytes + FRAME_OVERHEAD,
    maxWaiting: limits.waitingSockets,
  })
  const server = createHttpServer(
    {
      ...{ config, clock, random, logger, metrics, database, access, standing, changes, rates, proxies },
      ...{ rooms, archive, watch, questions, end },
      key: lock?.key ?? null,
      readiness: () => ({ draining: upgrades.isDraining, database: log.reachable }),
      gauges: () => ({ rooms: rooms.open, unsavedBytes: rooms.unsavedBytes, pipes: others.cluster?.pipes ?? 0 }),
    },
    releases,
  )
  server.on('upgrade', (request, socket, head) => void upgrades.serve(request, socket, head))
  releases.push(() => changes.close())
  await changes.open()
  others.begin(() => changes.resume())
  const address = parent === undefined ? await listen(server, config) : config
  parent?.serve(server, async () => ({ database: log.reachable, metrics: await metrics.values() }))
  releases.push(() => closeServer(server))
  releases.push(() => sockets.close())
  await others.cluster?.attend(sockets)
  lock?.setAddress(`http://${address.host}:${address.port}`, newestMigration())
  return {
    address,
    drain: async () => {
      upgrades.drain()
      // Where others stay, pages go over to them little by little.
      const spreadMs = (await others.cluster?.drain()) ? config.shutdownGraceMs * SPREAD_SHARE : 0
      await Promise.all([sockets.close(spreadMs), others.cluster?.closePipes(spreadMs)])
      await log.drain()
    },
    close: () => releases.run(),
  }
}
