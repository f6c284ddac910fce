/** What the commands have in common: arguments, settings, the report, exit codes. */
import { type Config, ConfigError } from '../server/config.ts'
import { loadConfig } from '../server/environment.ts'
import { withoutSecrets } from '../server/greeting.ts'

/** The command line asks for what cannot be done. */
export class UsageError extends Error {}

export interface Command<Asked extends { readonly json: boolean }, Report> {
  readonly name: string
  readonly usage: string
  /** Reads the arguments; null: only help is asked for. @throws UsageError, or what parseArgs throws */
  readonly read: (args: readonly string[]) => Asked | null
  readonly work: (config: Config, asked: Asked) => Promise<Report>
  readonly words: (report: Report) => string
  /** Whether all is well; where not, the exit code is 1. */
  readonly isWell: (report: Report) => boolean
}

/** Runs a command: its report goes to stdout, what went wrong to stderr, the exit code is 0 only on success. */
export const runCommand = async <Asked extends { readonly json: boolean }, Report>(
  command: Command<Asked, Report>,
  args: readonly string[],
): Promise<void> => {
  let asked: Asked | null
  try {
    asked = command.read(args)
  } catch (error) {
    process.stderr.write(`${command.name}: ${(error as Error).message}\n\n${command.usage}`)
    process.exitCode = 2
    return
  }
  if (asked === null) return void process.stdout.write(command.usage)
  let config: Config | null = null
  try {
    config = loadConfig(process.cwd(), process.env)
    const report = await command.work(config, asked)
    process.stdout.write(asked.json ? `${JSON.stringify(report)}\n` : command.words(report))
    if (!command.isWell(report)) process.exitCode = 1
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const words = config === null || error instanceof ConfigError ? reason : withoutSecrets(reason, config)
    if (asked.json) process.stdout.write(`${JSON.stringify({ ok: false, reason: words })}\n`)
    process.stderr.write(`${command.name}: ${words}\n`)
    process.exitCode = 1
  }
}

/** Runs `work` until its end or a signal. @param words what whoever stopped it should know */
export const untilStopped = async <T>(words: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const stopping = new AbortController()
  const stop = () => stopping.abort(new Error(words))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await work(stopping.signal)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** A number given with an option; null: none was. @throws UsageError */
export const numberOf = (name: string, given: string | undefined, least: number): number | null => {
  if (given === undefined) return null
  const value = Number(given)
  if (/^\d+(\.\d+)?$/.test(given) && value >= least) return value
  throw new UsageError(`--${name} is '${given}': must be a number from ${least} on`)
}
