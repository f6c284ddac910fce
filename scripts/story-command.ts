/** What the commands that work on stories share: their arguments, their words, and where they find the stories. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { type Config, ConfigError } from '../server/config.ts'
import { migrate } from '../server/database/migrate.ts'
import { openPglite } from '../server/database/pglite.ts'
import type { Database } from '../server/database/port.ts'
import { openPostgres } from '../server/database/postgres.ts'
import { loadConfig } from '../server/environment.ts'
import { withoutSecrets } from '../server/greeting.ts'
import { acquireLock, LockedError } from '../server/lock.ts'
import { type Archive, openArchive } from '../server/log/archive/archive.ts'
import { Releases } from '../server/release.ts'
import { systemRandom } from '../server/system.ts'
import { ThreadPool } from '../server/threads/pool.ts'

/** A command line that makes no sense; the words say how it should be. */
export class UsageError extends Error {}

/** What a command does once its arguments are read; its report is what `--json` prints. */
export interface Command<Name extends string> {
  readonly name: string
  readonly usage: string
  /** Options that take a word. */
  readonly words: readonly Name[]
  /** Whether it knows `--dry-run`. */
  readonly canDryRun: boolean
  readonly run: (
    given: { readonly [name in Name]?: string } & { readonly dryRun: boolean },
    tell: Tell,
  ) => Promise<{ readonly report: object; readonly words: string }>
}

/** Tells how far it is, on a terminal only; and what else must be known, on stderr. */
export interface Tell {
  progress(done: number, of: number): void
  note(words: string): void
}

/** Runs a command; the exit code is 0 only on success, 2 for a command line that makes no sense. */
export const runCommand = async <Name extends string>(
  command: Command<Name>,
  args: readonly string[],
): Promise<void> => {
  const isJson = args.includes('--json')
  try {
    const { help, given } = read(command, args)
    if (help) return void process.stdout.write(command.usage)
    const { report, words } = await command.run(given, tellOnStderr)
    process.stdout.write(isJson ? `${JSON.stringify({ ok: true, ...report })}\n` : `${words}\n`)
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error)
    process.exitCode = isUsage ? 2 : 1
    const reason = reasonOf(error)
    if (isJson) process.stdout.write(`${JSON.stringify({ ok: false, reason })}\n`)
    else process.stderr.write(`${command.name}: ${reason}\n${isUsage ? `\n${command.usage}` : ''}`)
  }
}

const read = <Name extends string>({ words, canDryRun }: Command<Name>, args: readonly string[]) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(words.map((name) => [name, { type: 'string' } as const])),
      ...(canDryRun ? { 'dry-run': { type: 'boolean' } as const } : {}),
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { help, 'dry-run': dryRun, ...rest } = values as Readonly<Record<string, string | boolean | undefined>>
  return { help: help === true, given: { ...(rest as { [name in Name]?: string }), dryRun: dryRun === true } }
}

const tellOnStderr: Tell = {
  progress: (done, of) => {
    if (process.stderr.isTTY) process.stderr.write(`\r  ${done} of ${of} pages${done === of ? '\n' : ''}`)
  },
  note: (words) => void process.stderr.write(`${words}\n`),
}

const reasonOf = (error: unknown): string => {
  const reason = error instanceof Error ? error.message : String(error)
  try {
    return error instanceof ConfigError ? reason : withoutSecrets(reason, loadConfig(process.cwd(), process.env))
  } catch (fault) {
    if (fault instanceof ConfigError) return reason
    throw fault
  }
}

/** Where the stories are: in a database that this command may open, or with a service that holds it. */
export type Place = { readonly archive: Archive } | { readonly service: string }

/**
 * Does `work` where the stories are.
 * @throws ConfigError, DatabaseError, LockedError where the holder of the data folder cannot be asked
 */
export const atStories = async <T>(tell: Tell, work: (place: Place) => Promise<T>): Promise<T> => {
  const config = loadConfig(process.cwd(), process.env)
  const releases = new Releases()
  try {
    const database = await open(config, releases)
    await migrate(database)
    const threads = new ThreadPool({ threads: 1 })
    releases.push(() => threads.close())
    // A running service finds what was written here at its next look.
    const elsewhere = async () => undefined
    const archive = openArchive({ database, threads, random: systemRandom, changed: elsewhere, ended: elsewhere })
    return await work({ archive })
  } catch (error) {
    if (!(error instanceof LockedError) || error.address === null) throw error
    tell.note(`${config.dataDir} is held by process ${error.pid}: asking it at ${error.address}`)
    return await work({ service: error.address })
  } finally {
    await releases.run()
  }
}

const open = async (config: Config, releases: Releases): Promise<Database> => {
  if (config.databaseUrl === null) {
    const lock = acquireLock(config.dataDir, { address: null })
    releases.push(() => lock.release())
  }
  const logger = pino({ level: 'warn' }, pino.destination(2))
  const database =
    config.databaseUrl === null
      ? await openPglite({ dir: join(config.dataDir, 'pglite') })
      : await openPostgres({ url: config.databaseUrl, pool: 2, ca: config.databaseCa, logger })
  releases.push(() => database.close())
  return database
}

/** Asks the service. @throws Error with its words when it refuses */
export const askService = async (service: string, request: string, body?: BodyInit): Promise<Response> => {
  const [method = 'GET', path = ''] = request.split(' ')
  const isJson = typeof body === 'string'
  const answer = await fetch(`${service}/api/v1${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body, headers: { 'content-type': isJson ? 'application/json' : 'application/zip' } }),
  })
  if (answer.ok) return answer
  const { title, detail } = (await answer.json()) as { title: string; detail?: string }
  throw new Error(detail ?? title)
}

/** `/stories/<story>` or `/stories/<story>/pages/<page>`. */
export const pathOf = (story: string, page?: string): string =>
  `/stories/${encodeURIComponent(story)}${page === undefined ? '' : `/pages/${encodeURIComponent(page)}`}`
