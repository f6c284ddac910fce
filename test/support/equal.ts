/** Whether two documents hold the same page: adjacent runs joined, keys in order. */
import type * as Y from 'yjs'
import { contentsOf } from './edits.ts'
import { until } from './until.ts'

interface Run {
  readonly insert: unknown
  readonly attributes?: unknown
}

/** The page as a string that is the same for equal pages. */
export const pageAsText = (doc: Y.Doc): string => {
  const contents = contentsOf(doc) as Record<string, unknown>
  return JSON.stringify({ ...contents, rich: joined(contents.rich as Run[]) }, inOrder)
}

/** Waits until all hold the same. */
export const untilEqual = async (docs: readonly Y.Doc[], withinMs = 20_000): Promise<void> => {
  await until(
    `${docs.length} pages to be equal`,
    () => {
      const [first, ...others] = docs.map(pageAsText)
      return others.every((other) => other === first)
    },
    { withinMs },
  )
}

const joined = (runs: readonly Run[]): Run[] => {
  const result: Run[] = []
  for (const run of runs) {
    const last = result.at(-1)
    const isText = typeof last?.insert === 'string' && typeof run.insert === 'string'
    if (isText && JSON.stringify(last.attributes, inOrder) === JSON.stringify(run.attributes, inOrder)) {
      result[result.length - 1] = { ...last, insert: `${last.insert}${run.insert}` }
    } else result.push(run)
  }
  return result
}

const inOrder = (_key: string, value: unknown): unknown => {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}
