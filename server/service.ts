/** Assembles the service and hands each part what it needs; starts, drains and closes it. */
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { openAccess } from './access.ts'
import type { Config } from './config.ts'
import { migrate } from './database/migrate.ts'
import { openPglite } from './database/pglite.ts'
import type { Database } from './database/port.ts'
import { openPostgres } from './database/postgres.ts'
import { createApp } from './http/app.ts'
import { authorizer } from './http/authorize.ts'
import { originAllowed } from './http/origin.ts'
import { writeUpdate } from './http/write.ts'
import { acquireLock, type Lock } from './lock.ts'
import { openArchive } from './log/archive/archive.ts'
import { keepVersions } from './log/archive/automatic.ts'
import { openLog } from './log/log.ts'
import { createMetrics } from './metrics.ts'
import { operations } from './operate.ts'
import { storyOperations } from './operate-stories.ts'
import type { Logger } from './ports.ts'
import { Releases } from './release.ts'
import { Rooms } from './room/rooms.ts'
import { systemClock, systemRandom } from './system.ts'
import { ThreadPool } from './threads/pool.ts'
import { Sockets } from './upgrade.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

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
const POLL_MS = 1000

/**
 * Starts the service; a start that fails releases what it had.
 * @throws LockedError, DatabaseError, or the system's error when the address cannot be listened on
 */
export const startService = async (config: Config, { logger }: { logger: Logger }): Promise<Service> => {
  const releases = new Releases()
  try {
    return await assemble(config, logger, releases)
  } catch (error) {
    await releases.run()
    throw error
  }
}

const assemble = async (config: Config, logger: Logger, releases: Releases): Promise<Service> => {
  const clock = systemClock
  const random = systemRandom
  const metrics = createMetrics()
  const { counters } = metrics
  const { database, lock } = await openDatabase(config, logger, releases)
  await migrate(database)
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
  })
  releases.push(() => log.close())
  const { limits, fold } = config
  const rooms = new Rooms({
    log,
    clock,
    random,
    logger,
    counters,
    diff: (update, stateVector) => threads.run('diff', { update, stateVector }),
    settings: {
      foldRows: fold.rows,
      foldMaxRows: fold.maxRows,
      foldBytes: fold.bytes,
      foldRatio: fold.ratio,
      maxPresenceBytes: limits.presenceBytes,
      maxUnsavedBytes: limits.unsavedBytes,
      maxIdleBytes: limits.idleRoomBytes,
      pollMs: database.kind === 'postgres' ? POLL_MS : 0,
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
  const pages = () => rooms.ids
  releases.push(keepVersions({ archive, clock, logger, pages, minutes: config.history.versionMinutes }))
  const access = openAccess()
  let draining = false
  const app = createApp({
    config,
    metrics,
    logger,
    api: {
      archive,
      authorize: authorizer(access),
      write: (page, user, update) => writeUpdate(rooms, page, user, update),
      membersOf: (roomId) => rooms.membersOf(roomId),
      now: () => clock.now(),
      maxBodyBytes: limits.syncBytes,
    },
    work: {
      key: lock?.key ?? null,
      mayOperate: (c) =>
        config.openMode &&
        originAllowed({ origin: c.req.header('origin') ?? null, host: c.req.header('host') ?? null, config }),
      work: {
        ...operations({ database, clock, logger, counters, history: config.history }),
        ...storyOperations(archive),
      },
    },
    readiness: () => ({ draining, database: log.reachable }),
    gauges: () => ({ rooms: rooms.open, unsavedBytes: rooms.unsavedBytes }),
  })
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  const sockets = new Sockets(server, {
    rooms,
    access,
    clock,
    logger,
    counters,
    settings: {
      maxUpdateBytes: limits.updateBytes,
      maxFrameBytes: limits.syncBytes + FRAME_OVERHEAD,
      maxWaiting: limits.waitingSockets,
    },
    originAllowed: (origin, host) => originAllowed({ origin, host, config }),
  })
  const address = await listen(server, config)
  releases.push(() => closeServer(server))
  releases.push(() => sockets.close())
  lock?.setAddress(`http://${address.host}:${address.port}`)
  return {
    address,
    drain: async () => {
      draining = true
      sockets.drain()
      await sockets.close()
      await log.drain()
    },
    close: () => releases.run(),
  }
}

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

const listen = (server: Server, config: Config): Promise<Address> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.port, config.host, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve({ host: config.host, port: typeof bound === 'object' && bound !== null ? bound.port : config.port })
    })
  })

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
    server.closeAllConnections()
  })
