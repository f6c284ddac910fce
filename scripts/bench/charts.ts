/** Charts of a report as SVG, drawn without a browser. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EChartsOption } from 'echarts'
import type { Report, ScenarioResult } from './results.ts'

const WIDTH = 900
const PANEL_HEIGHT = 260
const HEAD = 70
const COLORS = ['#1f6feb', '#8c959f', '#d29922', '#cf5b3f']

interface Panel {
  readonly title: string
  readonly kind: 'bar' | 'line'
  readonly xName?: string
  readonly yName: string
  readonly isLog?: boolean
  /** Bars: a name for each group. */
  readonly groups?: readonly string[]
  readonly series: readonly {
    readonly name: string
    readonly data: readonly (number | null | readonly [number, number])[]
  }[]
}

/** Draws what the report has figures for. @returns the files written */
export const drawCharts = async (report: Report, folder: string): Promise<string[]> => {
  const charts: readonly [string, string, readonly Panel[]][] = [
    ['throughput', 'Throughput', throughput(report)],
    ['cost', 'What the server’s CPU and memory go into: less is better', costs(report)],
    ['latency', 'From an edit to the others: how many have it by when', latency(report)],
    ['growth', 'How cost grows', growth(report)],
  ]
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const [name, title, panels] of charts) {
    const drawn = panels.filter(({ series }) => series.some(({ data }) => data.some((point) => point !== null)))
    if (drawn.length === 0) continue
    const file = join(folder, `${name}.svg`)
    await writeFile(file, await render(title, describe(report), drawn))
    files.push(file)
  }
  return files
}

const describe = ({ machine, database, at }: Report): string =>
  `${machine.cores} cores (${machine.processor}), ${database}, Node ${machine.node}, ${at.slice(0, 10)}`

const find = (report: Report, name: string): ScenarioResult | undefined =>
  report.scenarios.find((scenario) => scenario.name === name)

const bars = (report: Report, title: string, yName: string, wanted: readonly [string, string, string][]): Panel => {
  const names = [...new Set(report.scenarios.flatMap(({ targets }) => targets.map(({ name }) => name)))]
  return {
    title,
    kind: 'bar',
    yName,
    isLog: true,
    groups: wanted.map(([, , group]) => group),
    series: names.map((name) => ({
      name,
      data: wanted.map(([scenario, key]) => {
        const target = find(report, scenario)?.targets.find((one) => one.name === name)
        return target?.spreads[key]?.median ?? null
      }),
    })),
  }
}

const throughput = (report: Report): readonly Panel[] => [
  bars(report, 'Edits delivered a second', '1/s', [
    ['s1', 'deliveries', 'S1: 50 clients, one writer'],
    ['s2-max', 'updates', 'S2: 500 pairs'],
  ]),
]

const costs = (report: Report): readonly Panel[] => [
  bars(report, 'CPU', 'µs', [
    ['s1', 'perDelivery', 'S1: a delivery'],
    ['s1-500', 'perDelivery', 'S1 at 500/s: a delivery'],
    ['s2', 'perUpdate', 'S2: an update of a pair'],
  ]),
  bars(report, 'Joining', 'CPU ms', [
    ['s4', 'perJoin', 'S4: a join, 311 kB'],
    ['s5', 'perClient', 'S5: a return, 200 edits'],
  ]),
  bars(report, 'Memory', 'kB', [
    ['s6', 'connectionResident', 'S6: an idle connection'],
    ['s3', 'roomResident', 'S3: an open room of 57 kB'],
  ]),
]

const latency = (report: Report): readonly Panel[] =>
  ['s1-500', 's2', 's10'].flatMap((name) => {
    const scenario = find(report, name)
    if (scenario === undefined) return []
    const series = scenario.targets.flatMap(({ name: target, curves, isPeer }) => [
      { name: target, data: (curves.relayed?.curve ?? []).map(([share, ms]) => [share * 100, ms] as const) },
      ...(isPeer || !curves.saved
        ? []
        : [{ name: `${target}: saved`, data: curves.saved.curve.map(([share, ms]) => [share * 100, ms] as const) }]),
    ])
    return [
      { title: scenario.title, kind: 'line', xName: '% of deliveries', yName: 'ms', isLog: true, series } as const,
    ]
  })

const growth = (report: Report): readonly Panel[] => [
  grown(
    report,
    'typing',
    'CPU of a delivery, by clients of a room',
    'clients in a room',
    'µs',
    ({ edits, delivered, serverMs }) =>
      edits && delivered && serverMs ? [1 + delivered / edits, (serverMs * 1000) / delivered] : null,
  ),
  grown(report, 'join', 'CPU of a join, by size of the page', 'kB', 'ms', ({ pageBytes, perJoin }) =>
    pageBytes && perJoin ? [pageBytes / 1000, perJoin] : null,
  ),
  grown(
    report,
    'memory',
    'Live memory, by what is open',
    'rooms + connections',
    'MB',
    ({ rooms, connections, liveMb }) => (rooms && connections && liveMb ? [rooms + connections, liveMb] : null),
  ),
]

const grown = (
  report: Report,
  part: string,
  title: string,
  xName: string,
  yName: string,
  point: (values: Readonly<Record<string, number | null>>) => readonly [number, number] | null,
): Panel => {
  const scenarios = report.scenarios.filter(({ model }) => model?.part === part)
  const names = [...new Set(scenarios.flatMap(({ targets }) => targets.map(({ name }) => name)))]
  return {
    title,
    kind: 'line',
    xName,
    yName,
    series: names.map((name) => ({
      name,
      data: scenarios
        .flatMap(({ targets }) => targets.filter((target) => target.name === name).flatMap(({ runs }) => runs))
        .map(({ values }) => point(values))
        .filter((found) => found !== null)
        .sort(([one], [other]) => one - other),
    })),
  }
}

/** Panels one below the other. */
const render = async (title: string, subtext: string, panels: readonly Panel[]): Promise<string> => {
  const { init } = await import('echarts')
  const height = HEAD + panels.length * PANEL_HEIGHT + 10
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))]
  const option: EChartsOption = {
    animation: false,
    backgroundColor: '#ffffff',
    color: COLORS,
    title: [
      { text: title, subtext, left: 10, top: 4, textStyle: { fontSize: 16 } },
      ...panels.map((panel, index) => ({
        text: panel.title,
        left: 60,
        top: HEAD + index * PANEL_HEIGHT + 24,
        textStyle: { fontSize: 12 },
      })),
    ],
    legend: { data: names, top: HEAD - 8, left: 10, itemWidth: 14 },
    grid: panels.map((_, index) => ({
      left: 70,
      right: 110,
      top: HEAD + index * PANEL_HEIGHT + 60,
      height: PANEL_HEIGHT - 110,
    })),
    xAxis: panels.map((panel, gridIndex) =>
      panel.kind === 'bar'
        ? { type: 'category' as const, gridIndex, data: [...(panel.groups ?? [])] }
        : { type: 'value' as const, gridIndex, name: panel.xName ?? '', min: 0 },
    ),
    yAxis: panels.map((panel, gridIndex) => ({
      type: panel.isLog ? ('log' as const) : ('value' as const),
      gridIndex,
      name: panel.yName,
    })),
    series: panels.flatMap((panel, index) =>
      panel.series.map(({ name, data }) => ({
        name,
        type: panel.kind,
        xAxisIndex: index,
        yAxisIndex: index,
        itemStyle: { color: COLORS[names.indexOf(name) % COLORS.length] ?? '#000000' },
        ...(panel.kind === 'bar' ? { label: { show: true, position: 'top' as const, formatter: label } } : {}),
        data: data.map((point) => (typeof point === 'number' || point === null ? point : [...point])),
      })),
    ) as EChartsOption['series'] & object,
  }
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  chart.setOption(option)
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

const label = ({ value }: { value?: unknown }): string =>
  typeof value !== 'number' ? '' : value >= 1000 ? `${Math.round(value / 1000)}k` : value.toPrecision(2)
