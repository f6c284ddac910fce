/** S4, S5 and S8: people who come to a page that is there. */
import type { JoinJob, JoinResult, ReturnJob, ReturnResult } from '../load/jobs.ts'
import type { PageKind } from '../load/pages.ts'
import { runMetered } from '../metered-run.ts'
import type { Options } from '../options.ts'
import type { Column, Scenario } from '../scenario.ts'
import { sized } from './sizes.ts'

/** All of `automerge-paper`: 311 kB. */
const PAPER_EDITS = 259_778

const common: readonly Column[] = [
  { key: 'page', title: 'page', unit: 'kB' },
  { key: 'databaseMs', title: 'database CPU', unit: 'ms' },
  { key: 'loadMs', title: 'load CPU', unit: 'ms' },
  { key: 'resident', title: 'RSS', unit: 'MB' },
]

interface JoinShape {
  readonly page: PageKind
  readonly joiners: number
  readonly overSeconds: number
  readonly pending: number
}

interface JoinScenario extends Pick<Scenario, 'name' | 'title' | 'columns'> {
  shape(options: Options): JoinShape
}

/** People who join one page. */
export const joinScenario = ({ name, title, columns, shape }: JoinScenario): Scenario => ({
  name,
  title,
  needs: 'holds',
  columns,
  run: async (context, releases) => {
    const wanted = shape(context.options)
    const { result, cost } = await runMetered<JoinResult>(context, releases, {
      job: (endpoint): JoinJob => ({
        kind: 'join',
        endpoint,
        prefix: context.prefix,
        seed: context.options.seed,
        ...wanted,
      }),
    })
    const { serverMs, databaseMs, loadMs, residentBytes, grownBytes } = cost
    return {
      typed: result.typed,
      curves: { joins: result.joins },
      values: {
        joins: wanted.joiners,
        pageBytes: result.pageBytes,
        serverMs,
        perJoin: serverMs === null ? null : serverMs / wanted.joiners,
        cpuSeconds: serverMs === null ? null : serverMs / 1000,
        p50: result.joins?.p50 ?? null,
        p99: result.joins?.p99 ?? null,
        seconds: result.seconds,
        grown: grownBytes === null ? null : grownBytes / 1e6,
        page: result.pageBytes / 1000,
        received: result.receivedBytes / 1e6,
        databaseMs,
        loadMs,
        resident: residentBytes === null ? null : residentBytes / 1e6,
      },
    }
  },
})

export const s4 = joinScenario({
  name: 's4',
  title: 'S4 200 people join a page of 311 kB within 2 s',
  columns: [
    { key: 'perJoin', title: 'server', unit: 'ms/join', most: 1.2 },
    { key: 'p50', title: 'join p50', unit: 'ms', most: 3 },
    { key: 'p99', title: 'join p99', unit: 'ms', most: 20 },
    { key: 'grown', title: 'RSS grown by', unit: 'MB' },
    ...common,
  ],
  shape: (options) => ({
    page: { edits: sized(PAPER_EDITS, options) },
    joiners: sized(200, options),
    overSeconds: options.quick ? 0.2 : 2,
    pending: 0,
  }),
})

export const s8 = joinScenario({
  name: 's8',
  title: 'S8 150 people join a page of 4 MB at once, one update pending',
  columns: [
    { key: 'cpuSeconds', title: 'server', unit: 'CPU s', most: 1.1 },
    { key: 'p50', title: 'join p50', unit: 'ms', most: 1100 },
    { key: 'p99', title: 'join p99', unit: 'ms' },
    { key: 'grown', title: 'RSS grown by', unit: 'MB', most: 30 },
    { key: 'seconds', title: 'all joined after', unit: 's' },
    { key: 'received', title: 'received', unit: 'MB' },
    ...common,
  ],
  shape: (options) => ({
    page: { bytes: sized(4_000_000, options) },
    joiners: sized(150, options),
    overSeconds: 0,
    pending: 1,
  }),
})

export const s5: Scenario = {
  name: 's5',
  title: 'S5 100 people come back to a page of 311 kB at once, each with 200 edits made offline',
  needs: 'holds',
  columns: [
    { key: 'perClient', title: 'server', unit: 'ms/client', most: 2 },
    { key: 'allEqual', title: 'all equal after', unit: 'ms', most: 250 },
    { key: 'grown', title: 'RSS grown by', unit: 'MB' },
    ...common,
  ],
  run: async (context, releases) => {
    const { options } = context
    const clients = sized(100, options)
    const { result, cost } = await runMetered<ReturnResult>(context, releases, {
      job: (endpoint): ReturnJob => ({
        kind: 'return',
        endpoint,
        prefix: context.prefix,
        seed: options.seed,
        page: { edits: sized(PAPER_EDITS, options) },
        clients,
        edits: 200,
      }),
    })
    const { serverMs, databaseMs, loadMs, residentBytes, grownBytes } = cost
    return {
      typed: result.typed,
      values: {
        perClient: serverMs === null ? null : serverMs / clients,
        allEqual: result.allEqualMs,
        grown: grownBytes === null ? null : grownBytes / 1e6,
        page: result.pageBytes / 1000,
        databaseMs,
        loadMs,
        resident: residentBytes === null ? null : residentBytes / 1e6,
      },
    }
  },
}
