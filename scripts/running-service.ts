/** Asking a running service to do a command's work: where it is, and how it tells of progress. */
import type { WorkLine } from '../server/http/work.ts'

export interface RunningService {
  readonly pid: number
  readonly address: string
  /** Of its lock file. */
  readonly key: string
}

/**
 * Has the service do `work`, and waits for its report.
 * @throws Error in words when it refuses, fails or ends half-way
 */
export const askService = async <Report, Progress>(
  { pid, address, key }: RunningService,
  work: string,
  body: unknown,
  told: (progress: Progress) => void,
): Promise<Report> => {
  const answer = await fetch(`${address}/api/v1/admin/${work}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw new Error(
      `process ${pid} has the embedded database and does not answer at ${address}: ${causeOf(error)}. If it hangs, end it and run this again`,
    )
  })
  if (!answer.ok || answer.body === null)
    throw new Error(`process ${pid} at ${address} refuses: ${wordsOf(await answer.text())}`)
  for await (const line of linesOf(answer.body)) {
    const said = JSON.parse(line) as WorkLine
    if ('progress' in said) told(said.progress as Progress)
    else if ('report' in said) return said.report as Report
    else throw new Error(said.fault)
  }
  throw new Error(`process ${pid} at ${address} ended before the work did`)
}

/** What fetch says of a connection that failed lies in its cause. */
const causeOf = (error: unknown): string => {
  const { cause = error } = error as { cause?: unknown }
  return cause instanceof Error ? cause.message : String(cause)
}

/** Of a problem what it says, of anything else all. */
const wordsOf = (answer: string): string => {
  try {
    const { detail, title } = JSON.parse(answer) as { detail?: string; title?: string }
    return detail ?? title ?? answer
  } catch {
    return answer
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
