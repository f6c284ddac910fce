/** The HTTP server of the service: every route, made of the parts that answer it. */
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { Audit } from './access/audit.ts'
import type { Changes } from './access/changes.ts'
import { inviter } from './access/invite.ts'
import { createManagers } from './access/managers.ts'
import type { Standing } from './access/standing.ts'
import type { Access, Caller } from './access.ts'
import type { ProxyList } from './address.ts'
import type { Questions } from './cluster/questions.ts'
import type { Config } from './config.ts'
import type { Database } from './database/port.ts'
import type { Watch } from './figures/assemble.ts'
import type { RoomAsked, RoomSaid } from './figures/room-question.ts'
import type { ApiParts } from './http/api/parts.ts'
import { createApp, type Gauges, type Readiness } from './http/app.ts'
import { type Authorize, authorizer, seer } from './http/authorize.ts'
import { answerClientErrors } from './http/client-error.ts'
import { eventRoutes } from './http/events.ts'
import { freezeRoutes } from './http/freeze.ts'
import { isFromHere } from './http/from-here.ts'
import { inviteRoutes } from './http/invite.ts'
import { operatorRoutes } from './http/operators.ts'
import { peopleRoutes } from './http/people.ts'
import { syncPage } from './http/sync-page.ts'
import { updateCounter } from './http/too-fast.ts'
import type { WorkParts } from './http/work.ts'
import { writeUpdate } from './http/write.ts'
import type { Archive } from './log/archive/archive.ts'
import type { Metrics } from './metrics.ts'
import { followed, operations } from './operate.ts'
import { storyOperations } from './operate-stories.ts'
import type { Clock, Logger, Random } from './ports.ts'
import type { Rates } from './rates.ts'
import type { Releases } from './release.ts'
import type { Rooms } from './room/rooms.ts'

/** Whoever has not sent the headers of a request, or all of it, by then is cut. */
const HEADERS_MS = 10_000
const REQUEST_MS = 60_000

export interface HttpParts {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly database: Database
  /** By which commands on this machine may ask this process to work; null: they work by themselves. */
  readonly key: string | null
  readonly access: Access
  readonly standing: Standing
  readonly changes: Changes
  readonly rates: Rates
  readonly proxies: ProxyList
  readonly rooms: Rooms
  readonly archive: Archive
  readonly watch: Pick<Watch, 'feed' | 'jobs' | 'reports'>
  readonly questions: Pick<Questions<RoomAsked, RoomSaid>, 'ask'>
  /** Begins the end of the process. */
  readonly end: () => void
  readonly readiness: () => Readiness
  readonly gauges: () => Gauges
}

/** @returns a server that does not listen yet, and answers no upgrade */
export const createHttpServer = (parts: HttpParts, releases: Releases): Server => {
  const { config, metrics, rates, proxies } = parts
  const { limits } = config
  const audit = new Audit(parts.database, parts.random)
  const authorize = authorizer({
    access: parts.access,
    counters: metrics.counters,
    isOperator: (c) => !config.openMode || isFromHere(c, proxies),
    request: (user, bytes) => rates.request(user, bytes),
  })
  const app = createApp({
    config,
    guard: {
      config,
      maxBodyBytes: Math.max(limits.syncBytes, limits.assetBytes),
      note: (act) => audit.note(act),
      add: (id, detail) => audit.add(id, detail),
    },
    routes: [managing(parts, authorize, audit), operating(parts, authorize)],
    metrics,
    logger: parts.logger,
    api: apiParts(parts, authorize),
    work: workParts(parts, authorize, releases),
    readiness: parts.readiness,
    gauges: parts.gauges,
  })
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { maxHeaderSize: limits.headerBytes, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
  }) as Server
  answerClientErrors(server, metrics.counters)
  return server
}

/** What managers do. */
const managing = (parts: HttpParts, authorize: Authorize, audit: Audit): Hono => {
  const { config, clock, random } = parts
  const routes = new Hono()
  const managers = createManagers(parts)
  freezeRoutes(routes, { ...managers, authorize })
  inviteRoutes(routes, { authorize, invite: inviter(config.auth, clock, random) })
  peopleRoutes(routes, { ...managers, authorize, isOpen: config.openMode, audit: (page) => audit.list(page) })
  return routes
}

/** What operators see and do. */
const operating = (parts: HttpParts, authorize: Authorize): Hono => {
  const { rooms, archive, standing, access, clock, watch, questions } = parts
  const routes = new Hono()
  operatorRoutes(routes, {
    authorize,
    rooms,
    archive,
    frozen: (page) => standing.frozen(page),
    nodes: () => watch.reports.list(),
    ask: (asked) => questions.ask(asked),
    drain: () => clock.turn(parts.end),
  })
  eventRoutes(routes, { authorize, feed: watch.feed, mayStay: (caller) => mayStay(access, caller, clock.now()) })
  return routes
}

/** Whether somebody may go on watching; rights that changed meanwhile speak. */
const mayStay = async (access: Access, caller: Caller, now: number): Promise<boolean> => {
  if (caller.expiresAt !== null && caller.expiresAt <= now) return false
  return !('refused' in (await access.grant(caller, { story: '_', page: null })))
}

const apiParts = (
  { config, archive, access, rooms, rates, clock, metrics, watch }: HttpParts,
  authorize: Authorize,
): ApiParts => ({
  archive,
  authorize,
  sees: seer(access),
  write: (page, caller, update) => writeUpdate(rooms, page, caller, update),
  syncPage: (page, caller, offered, head) => syncPage(rooms, page, caller, offered, head),
  countUpdate: updateCounter(rates, metrics.counters),
  countMore: (user, messages) => rates.more(user, messages),
  grant: (caller, scope) => access.grant(caller, scope),
  membersOf: async (roomIds) => {
    const elsewhere = await watch.reports.membersElsewhere(roomIds)
    return (roomId) => rooms.membersOf(roomId) + (elsewhere.get(roomId) ?? 0)
  },
  now: () => clock.now(),
  after: (ms, task) => clock.after(ms, task),
  maxBodyBytes: config.limits.syncBytes,
  assets: {
    maxBytes: config.limits.assetBytes,
    maxStoryBytes: config.limits.storyAssetBytes,
    refused: () => metrics.counters.count('limit_asset_bytes'),
  },
})

const workParts = (parts: HttpParts, authorize: Authorize, releases: Releases): WorkParts => {
  const { config, database, clock, logger, metrics, archive, watch } = parts
  const { counters } = metrics
  const long = followed(operations({ database, clock, logger, counters, history: config.history }), watch.jobs)
  const ending = new AbortController()
  releases.push(() => ending.abort(new Error('the service ends')))
  return {
    key: parts.key,
    authorize: (c) => authorize(c, 'service', 'admin'),
    logger,
    work: { ...long, ...storyOperations(archive) },
    detached: { names: Object.keys(long), isRunning: (name) => watch.jobs.isRunning(name), ending: ending.signal },
  }
}
