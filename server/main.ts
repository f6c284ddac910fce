/** Command line of `serve`: the only file with process signals and exit codes. */
import pino from 'pino'
import { type Config, ConfigError } from './config.ts'
import { loadConfig } from './environment.ts'
import { databaseName, greeting, withoutSecrets } from './greeting.ts'
import type { Logger } from './ports.ts'
import { untilReachable } from './reachable.ts'
import { type Service, startService } from './service.ts'
import { failureWords, reasonOf, waitingWords } from './start-words.ts'
import { systemClock } from './system.ts'

const USAGE = `Usage: scriptorium serve

Runs the service until SIGTERM or SIGINT. Settings are environment variables, also read from .env;
the README lists them.
`

const DATABASE_PATIENCE_MS = 30_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5000
/** npm passes on a Ctrl+C that the terminal has sent to this process too: the twin is no second signal. */
const NPM_TWIN_MS = 250

/** Runs the service; the process ends by a signal or a failure, never by this function's return. */
export const main = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(USAGE)
  if (args.length > 0) {
    process.stderr.write(`serve takes no arguments, not '${args.join(' ')}'.\n\n${USAGE}`)
    process.exitCode = 2
    return
  }
  const config = settings()
  if (config === null) return
  const logger = pino({ level: config.logLevel, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime })
  const stopping = new AbortController()
  const starting = untilReachable(
    () => startService(config, { logger, end: () => process.emit('SIGTERM', 'SIGTERM') }),
    {
      clock: systemClock,
      forMs: DATABASE_PATIENCE_MS,
      firstPauseMs: FIRST_PAUSE_MS,
      longestPauseMs: LONGEST_PAUSE_MS,
      told: (...failed) => process.stderr.write(waitingWords(config, ...failed)),
      signal: stopping.signal,
    },
  )
  listenForTheEnd(config, logger, starting, stopping)
  try {
    const service = await starting
    logger.info({ host: service.address.host, port: service.address.port, database: databaseName(config) }, 'listening')
    if (!stopping.signal.aborted) process.stdout.write(greeting(config, service.address))
  } catch (error) {
    if (stopping.signal.aborted) return
    process.stderr.write(failureWords(error, config))
    process.exit(1)
  }
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

const listenForTheEnd = (
  config: Config,
  logger: Logger,
  starting: Promise<Service>,
  stopping: AbortController,
): void => {
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
    systemClock.after(config.shutdownGraceMs, () => {
      if (!drained) logger.error({}, 'the grace period ended before everything was committed')
      process.exit(drained ? code : 1)
    })
    const service = await starting.catch(() => null)
    // Nothing was started: there is nothing to drain, and whoever gave the signal knows.
    if (service === null) process.exit(code)
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
  process.on('SIGTERM', signalled)
  process.on('SIGINT', signalled)
  process.on('uncaughtException', crashed('an error was not caught'))
  process.on('unhandledRejection', crashed('a rejection was not handled'))
}
