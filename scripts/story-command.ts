/** What the commands that work on stories share: their arguments, their words, and where they find the stories. */
import { parseArgs } from 'node:util'
import { ConfigError } from '../server/config.ts'
import { loadConfig } from '../server/environment.ts'
import { withoutSecrets } from '../server/greeting.ts'
import { type Archive, openArchive } from '../server/log/archive/archive.ts'
import { systemRandom } from '../server/system.ts'
import { ThreadPool } from '../server/threads/pool.ts'
import { askService } from './running-service.ts'
import { whereTheDataIs } from './store.ts'

/** To PostgreSQL at most. */
const CONNECTIONS = 2

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
export type Place =
  | { readonly archive: Archive }
  /** Has the service do `work`. @throws Error with its words */
  | { readonly ask: <Report>(work: string, order: object) => Promise<Report> }

/**
 * Does `work` where the stories are.
 * @throws ConfigError, DatabaseError, LockedError where the holder of the data folder cannot be asked
 */
export const atStories = <T>(tell: Tell, work: (place: Place) => Promise<T>): Promise<T> => {
  const config = loadConfig(process.cwd(), process.env)
  return whereTheDataIs(config, CONNECTIONS, {
    here: async ({ database }) => {
      const threads = new ThreadPool({ threads: 1 })
      try {
        // A running service finds what was written here at its next look.
        const elsewhere = async () => undefined
        const parts = { database, threads, random: systemRandom, changed: elsewhere, ended: elsewhere }
        return await work({ archive: openArchive(parts) })
      } finally {
        await threads.close()
      }
    },
    there: (service) => {
      tell.note(`${config.dataDir} is held by process ${service.pid}: asking it at ${service.address}`)
      const told = ({ done, of }: { readonly done: number; readonly of: number }) => tell.progress(done, of)
      return work({ ask: (name, order) => askService(service, name, order, told) })
    },
  })
}
