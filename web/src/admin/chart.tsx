/** A small chart over the last minutes; the values under the pointer, or the last ones, stand above it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { clock } from './figures.ts'
import { paint, useDark } from './paint.ts'

export interface Line {
  readonly name: string
  /** Custom property that colours it. */
  readonly colour: string
  readonly values: readonly (number | null)[]
}

export interface ChartParts {
  readonly title: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly show: (value: number | null) => string
  /** Whether nothing lies between two whole numbers. */
  readonly isWhole: boolean
}

const HEIGHT = 132
/** A chart of nothing but zeros has its line at the bottom. */
const LEAST_TOP = 1
/** Seconds that are shown: as many as there are, within these bounds. */
const LEAST_SPAN = 60
const MOST_SPAN = 300

export const Chart = ({ title, times, lines, show, isWhole }: ChartParts) => {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const isDark = useDark()

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const made = new uPlot(optionsOf(element, { lines, show, isWhole }, setPointed), dataOf(times, lines), element)
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [isDark])
  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines])

  const at = pointed !== null && pointed < times.length ? pointed : times.length - 1
  const values = lines.map(({ name, values: all }) => `${name} ${show(all[at] ?? null)}`).join(', ')
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="readings">
          {lines.map(({ name, colour, values: all }) => (
            <li key={name} data-colour={colour}>
              <span class="faint">{name}</span> <b>{show(all[at] ?? null)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${values}`} />
    </figure>
  )
}

const dataOf = (times: readonly number[], lines: readonly Line[]): uPlot.AlignedData => [
  [...times],
  ...lines.map(({ values }) => [...values]),
]

const optionsOf = (
  element: HTMLElement,
  { lines, show, isWhole }: Pick<ChartParts, 'lines' | 'show' | 'isWhole'>,
  point: (at: number | null) => void,
): uPlot.Options => {
  const ink = paint('--faint')
  const grid = { stroke: paint('--rule'), width: 1 }
  const axis = { stroke: ink, grid, ticks: { show: false }, font: '11px system-ui, sans-serif' }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: 'console' }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: (_, min, max) => [max - Math.min(MOST_SPAN, Math.max(LEAST_SPAN, max - min)), max] },
      y: { range: (_, __, max) => [0, Math.max(LEAST_TOP, max * 1.1)] },
    },
    axes: [
      { ...axis, size: 24, space: 76, values: (_, splits) => splits.map(clock) },
      {
        ...axis,
        size: 58,
        space: 34,
        values: (_, splits) => splits.map((value) => show(value)),
        ...(isWhole ? { incrs: WHOLE } : {}),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, colour }, at) => ({
        label: name,
        stroke: paint(colour),
        width: 2,
        // Two readings make a line; the first alone is a dot.
        points: { show: (plot: uPlot) => (plot.data[0]?.length ?? 0) < 2, size: 6 },
        spanGaps: true,
        ...(at === 0 ? { fill: paint(colour, 0.12) } : {}),
      })),
    ],
    hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
  }
}

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]
