/** Where a CPU profile says that the time went. */

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const TOP = 10
/** Waiting is no work. */
const IDLE = '(idle)'

/** The functions that took most by themselves, a line each, with their share of the time that was worked. */
export const topSelfTimes = (json: string): string => {
  const { nodes, samples, timeDeltas } = JSON.parse(json) as CpuProfile
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const microseconds = new Map<string, number>()
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? '?'
    microseconds.set(name, (microseconds.get(name) ?? 0) + (timeDeltas[index] ?? 0))
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

const nameOf = ({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string => {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  return `${name}  ${url.replace(/^.*\/(dist|node_modules)\//, '')}:${lineNumber + 1}`
}
