/** How the service stands, at a glance. */
import { TriangleAlert } from 'lucide'
import { useMemo } from 'preact/hooks'
import type { Figures } from '../../../shared/operators.ts'
import { Icon } from '../ui/icon.tsx'
import { Chart } from './chart.tsx'
import type { Feed } from './feed.ts'
import { bytes, count, ms, percent, readers } from './words.ts'

type Of = (row: Figures) => number | null

interface Shown {
  readonly title: string
  readonly show: (value: number | null) => string
  readonly isWhole?: boolean
  readonly lines: readonly (readonly [name: string, colour: string, of: Of])[]
}

const counted = (value: number | null) => count(value ?? 0)
const weighed = (value: number | null) => bytes(value ?? 0)

const CHARTS: readonly Shown[] = [
  {
    title: 'People and pages',
    show: counted,
    isWhole: true,
    lines: [
      ['people', '--person-1', ({ people }) => people],
      ['open pages', '--person-4', ({ rooms }) => rooms],
    ],
  },
  {
    title: 'A second',
    show: counted,
    lines: [
      ['frames sent', '--person-2', ({ relaysPerSecond }) => relaysPerSecond],
      ['updates', '--person-3', ({ updatesPerSecond }) => updatesPerSecond],
    ],
  },
  {
    title: 'Until others see it',
    show: ms,
    lines: [
      ['99 of 100', '--person-5', ({ relay }) => relay.p99],
      ['half', '--person-6', ({ relay }) => relay.p50],
    ],
  },
  {
    title: 'Until it is saved',
    show: ms,
    lines: [
      ['99 of 100', '--person-5', ({ commit }) => commit.p99],
      ['half', '--person-6', ({ commit }) => commit.p50],
    ],
  },
  {
    title: 'Open pages hold',
    show: weighed,
    lines: [
      ['snapshots', '--person-7', ({ snapshotBytes }) => snapshotBytes],
      ['tails', '--person-0', ({ tailBytes }) => tailBytes],
    ],
  },
  { title: 'Memory', show: weighed, lines: [['resident', '--person-1', ({ memory }) => memory]] },
  {
    title: 'Processor',
    show: (value) => percent(value ?? 0),
    lines: [['of one core', '--person-3', ({ cpu }) => cpu]],
  },
  {
    title: 'Not saved yet',
    show: weighed,
    lines: [['taken in', '--person-4', ({ unsavedBytes }) => unsavedBytes]],
  },
  {
    title: 'Slow readers',
    show: counted,
    isWhole: true,
    lines: [['people', '--person-0', ({ slow }) => slow]],
  },
]

export const Overview = ({ feed }: { readonly feed: Feed }) => {
  const { rows } = feed
  const last = rows.at(-1)
  const times = useMemo(() => rows.map(({ at }) => at / 1000), [rows])
  return (
    <section aria-labelledby="overview">
      <h2 id="overview">At a glance</h2>
      {last !== undefined && <Notices figures={last} />}
      {last === undefined && <p class="faint">The first figures come within a second or two …</p>}
      <div class="charts">
        {CHARTS.map((shown) => (
          <Drawn key={shown.title} {...shown} times={times} rows={rows} />
        ))}
      </div>
    </section>
  )
}

const Drawn = ({
  rows,
  times,
  title,
  show,
  isWhole = false,
  lines,
}: Shown & { rows: readonly Figures[]; times: readonly number[] }) => {
  const drawn = useMemo(
    () => lines.map(([name, colour, of]) => ({ name, colour, values: rows.map(of) })),
    [rows, lines],
  )
  return <Chart title={title} show={show} isWhole={isWhole} times={times} lines={drawn} />
}

const Notices = ({ figures }: { readonly figures: Figures }) => (
  <>
    {!figures.database && (
      <p class="notice bad" role="status">
        <Icon of={TriangleAlert} />
        The database does not answer. Pages stay live; what is written meanwhile waits ({bytes(figures.unsavedBytes)}).
      </p>
    )}
    {figures.slow > 0 && (
      <p class="notice" role="status">
        <Icon of={TriangleAlert} />
        <span>
          {readers(figures.slow)}:{' '}
          {figures.slowRooms.map((room, at) => (
            <span key={room}>
              {at > 0 && ', '}
              <a href={`#page/${room.split('/').map(encodeURIComponent).join('/')}`}>{room}</a>
            </span>
          ))}
        </span>
      </p>
    )}
  </>
)
