/** Long work that operators ask for: progress as lines of JSON, the report as the last of them. */
import { timingSafeEqual } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono } from 'hono'
import { ArchiveFault } from '../log/archive/fault.ts'
import { isLoopback } from '../loopback.ts'
import type { Logger } from '../ports.ts'
import { AUTHORIZED, type Authorized } from './authorize.ts'
import { type Adding, note, noteNow } from './guard.ts'
import { problem } from './problem.ts'

export type Told = (progress: unknown) => void

/** What the service can be asked to do. Each takes a body of JSON and gives its report. @throws Error in words for whoever asked */
export type Work = Readonly<Record<string, (body: unknown, told: Told, signal: AbortSignal) => Promise<unknown>>>

export interface WorkParts {
  /** The key of the lock file, for commands on this machine; null: there is none. */
  readonly key: string | null
  /** Whether whoever has no key may ask all the same. @throws Problem where they may not */
  readonly authorize: (c: Context) => Promise<unknown>
  readonly work: Work
  readonly logger: Logger
  /** Work that goes on though whoever asked does not wait: it is watched by the events. */
  readonly detached: {
    readonly names: readonly string[]
    readonly isRunning: (name: string) => boolean
    /** Aborts when the service ends. */
    readonly ending: AbortSignal
  }
}

/** A line of an answer. */
export type WorkLine = { readonly progress: unknown } | { readonly report: unknown } | { readonly fault: string }

/** Nobody says who started a command: whoever can read the lock file. */
const COMMAND: Authorized = { caller: { user: null }, what: 'service', need: 'admin' }

/** What the work was about, of all that was asked. */
export const partOf = ({ story, page, dryRun, repair }: Readonly<Record<string, unknown>>) => ({
  story,
  page,
  dryRun,
  repair,
})

/** Routes `POST /<name>` for each kind of work. */
export const workRoutes = ({ key, authorize, work, logger, detached }: WorkParts): Hono => {
  const app = new Hono()
  for (const [name, run] of Object.entries(work)) {
    app.post(`/${name}`, async (c: Context) => {
      const isCommand = key !== null && hasKey(c, key)
      if (!isCommand) await authorize(c)
      const body = await c.req.json().catch(() => null)
      if (typeof body !== 'object' || body === null)
        return problem(400, 'Bad request', 'the body must be a JSON object')
      if (isCommand) c.set(AUTHORIZED, COMMAND)
      note(c, { detail: { ...(isCommand ? { by: 'a command on this machine' } : {}), ...partOf(body) } })
      if (body.detached === true) {
        if (!detached.names.includes(name)) return problem(400, 'Bad request', `${name} cannot be detached`)
        if (detached.isRunning(name)) return problem(409, 'Under way', `${name} is under way already`)
        const add = await noteNow(c)
        // How it ends is told by the events.
        untilNoted(
          run(body, () => undefined, detached.ending),
          add,
          logger,
        ).catch(() => undefined)
        return c.json({ started: name }, 202)
      }
      const add = await noteNow(c)
      return streamed(c, (told, signal) => untilNoted(run(body, told, signal), add, logger))
    })
  }
  return app
}

/** Waits for work, and has the audit say that it ended, and why if it did not come to what was asked. */
const untilNoted = async <Report>(work: Promise<Report>, add: Adding, logger: Logger): Promise<Report> => {
  const fault = await work.then(() => ({}), faultOf)
  try {
    await add({ ended: true, ...fault })
  } catch (error) {
    // The database is away, which may be why the work failed; whoever asked is told.
    logger.warn({ ...fault, fault: reasonOf(error) }, 'the audit could not be told that work ended')
  }
  return work
}

const faultOf = (error: unknown) => ({ [error instanceof ArchiveFault ? 'refused' : 'failed']: reasonOf(error) })

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The key was read from a file of this machine, so it counts on this machine only. */
const hasKey = (c: Context, key: string): boolean => {
  if (!isLoopback((getConnInfo(c).remote.address ?? '').replace(/^::ffff:/, ''))) return false
  const given = Buffer.from(c.req.header('authorization') ?? '')
  const wanted = Buffer.from(`Bearer ${key}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Whoever asked and went away is not worked for. */
const streamed = (c: Context, run: (told: Told, signal: AbortSignal) => Promise<unknown>): Response => {
  const encoder = new TextEncoder()
  const gone = new AbortController()
  c.req.raw.signal.addEventListener('abort', () => gone.abort(new Error('whoever asked is gone')))
  const lines = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      const say = (line: WorkLine) => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`))
      }
      try {
        say({ report: await run((progress) => say({ progress }), gone.signal) })
      } catch (error) {
        say({ fault: reasonOf(error) })
      }
      if (!gone.signal.aborted) controller.close()
    },
    cancel: () => gone.abort(new Error('whoever asked is gone')),
  })
  return new Response(lines, { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } })
}
