/** What the commands that work on stories share: their options, and where they find the stories. */
import { parseArgs } from 'node:util'
import type { Config } from '../server/config.ts'
import { type Archive, openArchive } from '../server/log/archive/archive.ts'
import { systemRandom } from '../server/system.ts'
import { ThreadPool } from '../server/threads/pool.ts'
import { progressLine } from './progress.ts'
import { askService } from './running-service.ts'
import { whereTheDataIs } from './store.ts'

/** To PostgreSQL at most. */
const CONNECTIONS = 2

export interface Flags {
  readonly json: boolean
  readonly dryRun: boolean
}

/** Reads options that each take a word, and the flags; null: only help is asked for. @throws what parseArgs throws */
export const readOptions = <Name extends string>(
  args: readonly string[],
  words: readonly Name[],
  canDryRun = false,
): ({ readonly [name in Name]?: string } & Flags) | null => {
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(words.map((name) => [name, { type: 'string' } as const])),
      ...(canDryRun ? { 'dry-run': flag } : {}),
      json: flag,
      help: { ...flag, short: 'h' },
    },
  })
  const { help, json, 'dry-run': dryRun, ...rest } = values as Readonly<Record<string, string | boolean | undefined>>
  if (help === true) return null
  return { ...(rest as { [name in Name]?: string }), json: json === true, dryRun: dryRun === true }
}

/** Told after each page. */
export type Told = (done: number, of: number) => void

/** Where the stories are: in a database that this command may open, or with a service that holds it. */
export type Place =
  | { readonly archive: Archive; readonly told: Told }
  /** Has the service do `work`. @throws Error with its words */
  | { readonly ask: <Report>(work: string, order: object) => Promise<Report> }

/**
 * Does `work` where the stories are.
 * @throws DatabaseError, LockedError where the holder of the data folder cannot be asked, what `work` throws
 */
export const atStories = async <T>(config: Config, json: boolean, work: (place: Place) => Promise<T>): Promise<T> => {
  const line = progressLine(process.stderr, 'pages')
  const told = (done: number, of: number) => line.show(done, of, '')
  try {
    return await whereTheDataIs(config, CONNECTIONS, {
      here: async ({ database }) => {
        const threads = new ThreadPool({ threads: 1 })
        try {
          // A running service finds what was written here at its next look.
          const elsewhere = async () => undefined
          const parts = { database, threads, random: systemRandom, changed: elsewhere, ended: elsewhere }
          return await work({ archive: openArchive(parts), told })
        } finally {
          await threads.close()
        }
      },
      there: (service) => {
        const { pid, address } = service
        if (!json) process.stderr.write(`A service (process ${pid} at ${address}) has the data: it does the work.\n`)
        const heard = ({ done, of }: { readonly done: number; readonly of: number }) => told(done, of)
        return work({ ask: (name, order) => askService(service, name, order, heard) })
      },
    })
  } finally {
    line.end()
  }
}
