/** How the service stands, at a glance. */
import { TriangleAlert } from 'lucide'
import { useMemo } from 'preact/hooks'
import type { Figures } from '../../../shared/operators.ts'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/console.ts'
import { Chart } from './chart.tsx'
import type { Feed } from './feed.ts'
import { bytes, count, ms, percent } from './figures.ts'

type Of = (row: Figures) => number | null

interface Shown {
  readonly title: string
  readonly show: (value: number | null) => string
  readonly isWhole?: boolean
  readonly lines: readonly (readonly [name: string, colour: string, of: Of])[]
}

const counted = (value: number | null) => count(value ?? 0)
const weighed = (value: number | null) => bytes(value ?? 0)

const { company, rates, relay, commit, pages, memory, processor, unsaved, slow } = words.charts

const CHARTS: readonly Shown[] = [
  {
    title: company.title,
    show: counted,
    isWhole: true,
    lines: [
      [company.people, '--person-1', (row) => row.people],
      [company.open, '--person-4', (row) => row.open],
    ],
  },
  {
    title: rates.title,
    show: counted,
    lines: [
      [rates.sent, '--person-2', (row) => row.relaysPerSecond],
      [rates.updates, '--person-3', (row) => row.updatesPerSecond],
    ],
  },
  {
    title: relay.title,
    show: ms,
    lines: [
      [relay.most, '--person-5', (row) => row.relay.p99],
      [relay.half, '--person-6', (row) => row.relay.p50],
    ],
  },
  {
    title: commit.title,
    show: ms,
    lines: [
      [commit.most, '--person-5', (row) => row.commit.p99],
      [commit.half, '--person-6', (row) => row.commit.p50],
    ],
  },
  {
    title: pages.title,
    show: weighed,
    lines: [
      [pages.snapshots, '--person-7', (row) => row.snapshotBytes],
      [pages.tails, '--person-0', (row) => row.tailBytes],
    ],
  },
  { title: memory.title, show: weighed, lines: [[memory.resident, '--person-1', (row) => row.memory]] },
  {
    title: processor.title,
    show: (value) => percent(value ?? 0),
    lines: [[processor.core, '--person-3', (row) => row.cpu]],
  },
  { title: unsaved.title, show: weighed, lines: [[unsaved.taken, '--person-4', (row) => row.unsavedBytes]] },
  { title: slow.title, show: counted, isWhole: true, lines: [[slow.people, '--person-0', (row) => row.slow]] },
]

export const Overview = ({ feed }: { readonly feed: Feed }) => {
  const { rows } = feed
  const last = rows.at(-1)
  const times = useMemo(() => rows.map(({ at }) => at / 1000), [rows])
  return (
    <section aria-labelledby="overview">
      <h2 id="overview">{words.parts.overview}</h2>
      {last !== undefined && <Notices figures={last} />}
      {last === undefined && <p class="faint">{words.firstFigures}</p>}
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
        {words.noDatabase(bytes(figures.unsavedBytes))}
      </p>
    )}
    {figures.slow > 0 && (
      <p class="notice" role="status">
        <Icon of={TriangleAlert} />
        <span>
          {words.readers(figures.slow)}:{' '}
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
