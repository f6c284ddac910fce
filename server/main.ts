/** Command line of `serve`, and the process of a worker: the only file with process signals and exit codes. */
import pino from 'pino'
import { SLOT_NAME } from './cluster/messages.ts'
import { type Config, ConfigError } from './config.ts'
import { settingsHelp } from './config-help.ts'
import { loadConfig } from './environment.ts'
import { databaseName, greeting, withoutSecrets } from './greeting.ts'
import type { Logger } from './ports.ts'
import { untilReachable } from './reachable.ts'
import type { Service, ServiceParts } from './service.ts'
import { failureReason, failureWords, reasonOf, waitingWords } from './start-words.ts'
import { systemClock, systemRandom } from './system.ts'

const usage = (): string => `Usage: scriptorium serve

Runs the service until SIGTERM or SIGINT. Settings are environment variables, also read from a .env file in the
working folder; behind the meaning stands the default.

${settingsHelp()}`

const DATABASE_PATIENCE_MS = 30_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5000
/** npm passes on a Ctrl+C that the terminal has sent to this process too: the twin is no second signal. */
const NPM_TWIN_MS = 250

/** Runs the service; the process ends by a signal or a failure, never by this function's return. */
export const main = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(usage())
  if (args.length > 0) {
    process.stderr.write(
      `serve takes no arguments, not '${args.join(' ')}'. Settings are environment variables: see serve --help.\n`,
    )
    process.exitCode = 2
    return
  }
  const config = settings()
  if (config === null) return
  const logger = loggerFor(config)
  // As a signal would: an operator asks for it.
  const end = () => void process.emit('SIGTERM', 'SIGTERM')
  const start = (signal: AbortSignal) =>
    config.workers > 1 ? startWorkers(config, logger, signal, end) : startService(config, { logger, end })
  const told = (words: string) => void process.stderr.write(words)
  const life = live(config, { logger, start, told, failed: (error) => told(failureWords(error, config)) })
  process.on('SIGTERM', life.signalled)
  process.on('SIGINT', life.signalled)
  const service = await life.started
  if (service === null) return
  const { host, port } = service.address
  logger.info({ host, port, database: databaseName(config) }, 'listening')
  process.stdout.write(greeting(config, service.address))
}

/** Runs one worker of a service: it begins and ends as its parent says, and ends when that is gone. */
export const work = async (): Promise<void> => {
  const config = settings()
  if (config === null) return
  const { Parent } = await import('./cluster/parent.ts')
  const parent = new Parent(process.env[SLOT_NAME] ?? '', process)
  const logger = loggerFor(config, { worker: parent.slot })
  const life = live(config, {
    logger,
    start: () => startService(config, { logger, parent, end: () => parent.say({ kind: 'asked to end' }) }),
    // All workers wait for the same database: one of them says so.
    told: (words) => parent.slot === '1' && process.stderr.write(words),
    failed: (error) => parent.say({ kind: 'failed', reason: failureReason(error, config) }),
  })
  parent.onEnd(() => life.end(0))
  // A terminal, and many a service manager, signals the workers too; when they end is for the parent to say.
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => logger.debug({ signal }, 'left to the parent'))
  if ((await life.started) === null) return
  logger.info({}, 'serving')
  parent.say({ kind: 'ready' })
}

const loggerFor = (config: Config, base: object = {}): Logger =>
  pino({ level: config.logLevel, base: { pid: process.pid, ...base }, timestamp: pino.stdTimeFunctions.isoTime })

/** A parent needs nothing of what a worker does, so it loads nothing of it … */
const startService = async (config: Config, parts: ServiceParts): Promise<Service> =>
  (await import('./service.ts')).startService(config, parts)

/** … and one process nothing of workers. */
const startWorkers = async (config: Config, logger: Logger, signal: AbortSignal, end: () => void): Promise<Service> => {
  const workers = await import('./cluster/workers.ts')
  const atExit = (task: () => void) => {
    process.on('exit', task)
    return () => void process.off('exit', task)
  }
  return workers.startWorkers(config, {
    logger,
    clock: systemClock,
    random: systemRandom,
    env: process.env,
    signal,
    atExit,
    end,
  })
}

const settings = (): Config | null => {
  try {
    return loadConfig(process.cwd(), process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`Scriptorium cannot start: ${error.message}\n`)
    process.exitCode = 1
    return null
  }
}

interface Beginning {
  readonly logger: Logger
  readonly start: (signal: AbortSignal) => Promise<Service>
  /** Hears that the start waits for the database. */
  readonly told: (words: string) => void
  /** Hears why the start failed. */
  readonly failed: (error: unknown) => void
}

interface Life {
  /** The service once it serves; null: it was told to end before. */
  readonly started: Promise<Service | null>
  readonly signalled: (signal: NodeJS.Signals) => void
  /** Drains, closes, and ends the process. */
  end(code: number): void
}

/** The life of this process from its start to its exit code. */
const live = (config: Config, { logger, start, told, failed }: Beginning): Life => {
  const stopping = new AbortController()
  const starting = untilReachable(() => start(stopping.signal), {
    clock: systemClock,
    forMs: DATABASE_PATIENCE_MS,
    firstPauseMs: FIRST_PAUSE_MS,
    longestPauseMs: LONGEST_PAUSE_MS,
    told: (...why) => told(waitingWords(config, ...why)),
    signal: stopping.signal,
  })
  const started = starting.then(
    (service) => (stopping.signal.aborted ? null : service),
    (error: unknown) => {
      if (stopping.signal.aborted) return null
      failed(error)
      process.exit(1)
    },
  )
  let first = Number.NEGATIVE_INFINITY
  const signalled = (signal: NodeJS.Signals) => {
    if (!stopping.signal.aborted) {
      first = systemClock.now()
      logger.info({ signal }, 'draining')
      return void end(0)
    }
    if (process.env.npm_lifecycle_event !== undefined && systemClock.now() - first < NPM_TWIN_MS) return
    process.exit(1)
  }
  const crashed = (what: string) => (error: unknown) => {
    const stack = error instanceof Error && error.stack ? withoutSecrets(error.stack, config) : undefined
    logger.error({ reason: reasonOf(error, config), stack }, what)
    if (stopping.signal.aborted) process.exit(1)
    void end(1)
  }
  const end = async (code: number) => {
    stopping.abort()
    let drained = false
    let unfinished = 'the start was given up'
    systemClock.after(config.shutdownGraceMs, () => {
      if (!drained) logger.error({}, `the grace period ended before ${unfinished}`)
      process.exit(drained ? code : 1)
    })
    const service = await starting.catch(() => null)
    // Nothing was started: there is nothing to drain, and whoever gave the signal knows.
    if (service === null) process.exit(code)
    unfinished = 'everything was committed'
    try {
      await service.drain()
      drained = true
      await service.close()
      logger.info({}, 'ended')
      process.exit(code)
    } catch (error) {
      logger.error({ reason: reasonOf(error, config) }, 'ended with a failure')
      process.exit(drained ? code : 1)
    }
  }
  process.on('uncaughtException', crashed('an error was not caught'))
  process.on('unhandledRejection', crashed('a rejection was not handled'))
  return { started, signalled, end: (code) => void (stopping.signal.aborted || end(code)) }
}
