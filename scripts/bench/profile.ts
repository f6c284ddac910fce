/** Where a CPU profile says that the time went. */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Place {
  readonly url: string
  readonly lineNumber: number
}

interface CallFrame extends Place {
  readonly functionName: string
  readonly columnNumber: number
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const TOP = 10
/** So many times as long as usual between two samples: the sampler slept, as in a process that waits. */
const GAP = 10
/** Waiting is no work. */
const IDLE = '(idle)'

/** The functions that took most by themselves, a line each, with their share of the time that was worked. */
export const topSelfTimes = (json: string): string => {
  const { nodes, samples, timeDeltas } = JSON.parse(json) as CpuProfile
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const usual = [...timeDeltas].sort((one, other) => one - other)[timeDeltas.length >> 1] ?? 0
  const microseconds = new Map<string, number>()
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? '?'
    const passed = timeDeltas[index] ?? 0
    microseconds.set(name, (microseconds.get(name) ?? 0) + (passed > GAP * usual ? usual : passed))
  }
  microseconds.delete(IDLE)
  const worked = [...microseconds.values()].reduce((sum, time) => sum + time, 0)
  return [...microseconds]
    .sort(([, one], [, other]) => other - one)
    .slice(0, TOP)
    .map(([name, time]) => `  ${share(time / worked)}  ${(time / 1000).toFixed(0).padStart(6)} ms  ${name}`)
    .join('\n')
}

const share = (part: number): string => `${(part * 100).toFixed(1).padStart(5)} %`

const maps = new Map<string, SourceMap>()

const mapOf = (url: string): SourceMap | null => {
  if (!url.includes('/dist/bundle/')) return null
  const map = maps.get(url) ?? new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8')))
  maps.set(url, map)
  return map
}

/** Where a function stood before it was put into a bundle. */
const sourceOf = ({ url, lineNumber, columnNumber }: CallFrame): Place => {
  const entry = mapOf(url)?.findEntry(lineNumber, columnNumber)
  if (entry === undefined || !('originalSource' in entry)) return { url, lineNumber }
  return { url: new URL(entry.originalSource, url).href, lineNumber: entry.originalLine }
}

const nameOf = (frame: CallFrame): string => {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
  if (frame.url === '') return name
  const { url, lineNumber } = sourceOf(frame)
  return `${name}  ${url.replace(/^.*\/(dist|node_modules)\//, '')}:${lineNumber + 1}`
}
