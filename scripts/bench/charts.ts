/** Charts of a report as SVG, drawn without a browser. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EChartsOption } from 'echarts'
import type { Report, ScenarioResult } from './results.ts'

const WIDTH = 900
const PANEL_HEIGHT = 260
/** Title, machine, and two lines of names. */
const HEAD = 120
const COLORS = ['#1f6feb', '#8c959f', '#d29922', '#cf5b3f', '#2da44e', '#8250df', '#bf3989', '#54aeff']

interface Panel {
  readonly title: string
  readonly kind: 'bar' | 'line'
  readonly xName?: string
  readonly isLog: boolean
  readonly series: readonly {
    readonly name: string
    /** Whose it is: that has one colour in all charts. */
    readonly target: string
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
  const targets = [...new Set(report.scenarios.flatMap((scenario) => scenario.targets.map(({ name }) => name)))]
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const [name, title, panels] of charts) {
    const drawn = panels.filter(({ series }) => series.some(({ data }) => data.some((point) => point !== null)))
    if (drawn.length === 0) continue
    const file = join(folder, `${name}.svg`)
    await writeFile(file, await render(title, describe(report), drawn, targets))
    files.push(file)
  }
  return files
}

const describe = ({ machine, database, at }: Report): string =>
  `${machine.cores} cores (${machine.processor}), ${database}, Node ${machine.node}, ${at.slice(0, 10)}`

const find = (report: Report, name: string): ScenarioResult | undefined =>
  report.scenarios.find((scenario) => scenario.name === name)

/** One figure of one scenario, a bar for each target. */
const bars = (report: Report, scenario: string, key: string, title: string): Panel => ({
  title,
  kind: 'bar',
  isLog: false,
  series: (find(report, scenario)?.targets ?? []).map(({ name, spreads }) => ({
    name,
    target: name,
    data: [spreads[key]?.median ?? null],
  })),
})

const throughput = (report: Report): readonly Panel[] => [
  bars(report, 's1', 'deliveries', 'S1: edits delivered a second, 50 clients, one writer'),
  bars(report, 's2-max', 'updates', 'S2: updates a second, 500 pairs'),
]

const costs = (report: Report): readonly Panel[] => [
  bars(report, 's1', 'perDelivery', 'S1: CPU µs a delivered edit'),
  bars(report, 's1-500', 'perDelivery', 'S1 at 500 updates/s: CPU µs a delivered edit'),
  bars(report, 's2', 'perUpdate', 'S2: CPU µs an update of a pair'),
  bars(report, 's10', 'serverCpu', 'S10: % of a core, 200 people typing'),
  bars(report, 's4', 'perJoin', 'S4: CPU ms a join of 311 kB'),
  bars(report, 's5', 'perClient', 'S5: CPU ms a return with 200 edits'),
  bars(report, 's6', 'connectionResident', 'S6: kB an idle connection'),
  bars(report, 's3', 'roomResident', 'S3: kB an open room of 57 kB'),
]

const latency = (report: Report): readonly Panel[] =>
  ['s1-500', 's2', 's10'].flatMap((name) => {
    const scenario = find(report, name)
    if (scenario === undefined) return []
    const series = scenario.targets.flatMap(({ name: target, curves, isPeer }) => [
      { name: target, target, data: (curves.relayed?.curve ?? []).map(([share, ms]) => [share * 100, ms] as const) },
      ...(isPeer || !curves.saved
        ? []
        : [
            {
              name: `${target}: saved`,
              target,
              data: curves.saved.curve.map(([share, ms]) => [share * 100, ms] as const),
            },
          ]),
    ])
    return [{ title: `${scenario.title}: ms`, kind: 'line', xName: '% of deliveries', isLog: true, series } as const]
  })

const growth = (report: Report): readonly Panel[] => [
  grown(report, 'typing', 'CPU µs of a delivery, by clients of one room', 'clients', (values) =>
    values.rooms === 1 && values.clientsPerRoom && values.perDelivery
      ? [values.clientsPerRoom, values.perDelivery]
      : null,
  ),
  grown(report, 'typing', 'CPU µs of an update, by rooms of two', 'rooms', ({ rooms, clientsPerRoom, perUpdate }) =>
    clientsPerRoom === 2 && rooms && perUpdate ? [rooms, perUpdate] : null,
  ),
  grown(report, 'join', 'CPU ms of a join, by size of the page', 'kB', ({ pageBytes, perJoin }) =>
    pageBytes && perJoin ? [pageBytes / 1000, perJoin] : null,
  ),
  grown(report, 'memory', 'Live kB of a room and its member, by size of the page', 'kB', (values) =>
    values.rooms && values.rooms === values.connections && values.liveBytes && values.pageBytes
      ? [values.pageBytes / 1000, values.liveBytes / values.rooms / 1000]
      : null,
  ),
]

const grown = (
  report: Report,
  part: string,
  title: string,
  xName: string,
  point: (values: Readonly<Record<string, number | null>>) => readonly [number, number] | null,
): Panel => {
  const scenarios = report.scenarios.filter(({ model }) => model?.part === part)
  const names = [...new Set(scenarios.flatMap(({ targets }) => targets.map(({ name }) => name)))]
  return {
    title,
    kind: 'line',
    xName,
    isLog: false,
    series: names.map((name) => ({
      name,
      target: name,
      data: scenarios
        .flatMap(({ targets }) => targets.filter((target) => target.name === name).flatMap(({ runs }) => runs))
        .map(({ values }) => point(values))
        .filter((found) => found !== null)
        .sort(([one], [other]) => one - other),
    })),
  }
}

/** Bars two beside each other, lines one below the other. */
const render = async (
  title: string,
  subtext: string,
  panels: readonly Panel[],
  targets: readonly string[],
): Promise<string> => {
  const { init } = await import('echarts')
  const columns = panels.every(({ kind }) => kind === 'bar') ? 2 : 1
  const width = WIDTH / columns
  const place = (index: number) => ({
    left: (index % columns) * width,
    top: HEAD + Math.floor(index / columns) * PANEL_HEIGHT,
  })
  const height = HEAD + Math.ceil(panels.length / columns) * PANEL_HEIGHT
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))]
  const option: EChartsOption = {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif' },
    title: [
      { text: title, subtext, left: 10, top: 4, textStyle: { fontSize: 16 } },
      ...panels.map((panel, index) => ({
        text: panel.title,
        left: place(index).left + 20,
        top: place(index).top + 14,
        textStyle: { fontSize: 12 },
      })),
    ],
    legend: { data: names, top: HEAD - 66, left: 10, itemWidth: 12, itemGap: 40, textStyle: { fontSize: 11 } },
    grid: panels.map((_, index) => ({
      left: place(index).left + 60,
      width: width - 90,
      top: place(index).top + 50,
      height: PANEL_HEIGHT - 90,
    })),
    xAxis: panels.map((panel, gridIndex) =>
      panel.kind === 'bar'
        ? { type: 'category' as const, gridIndex, data: [''], axisTick: { show: false } }
        : {
            type: 'value' as const,
            gridIndex,
            name: panel.xName ?? '',
            nameLocation: 'middle' as const,
            nameGap: 24,
            min: 0,
          },
    ),
    yAxis: panels.map(({ isLog }, gridIndex) => ({ type: isLog ? ('log' as const) : ('value' as const), gridIndex })),
    series: panels.flatMap((panel, index) =>
      panel.series.map(({ name, target, data }) => ({
        name,
        type: panel.kind,
        xAxisIndex: index,
        yAxisIndex: index,
        itemStyle: { color: COLORS[targets.indexOf(target) % COLORS.length] ?? '#000000' },
        ...(name === target ? {} : { lineStyle: { type: 'dashed' as const } }),
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

const label = ({ value }: { value?: unknown }): string => {
  if (typeof value !== 'number') return ''
  if (value >= 10_000) return `${Math.round(value / 1000)}k`
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)))
}
