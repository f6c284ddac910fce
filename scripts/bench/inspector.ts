/** The inspector of a Node process under test: its heap after a collection, its CPU profile. Asks nothing of its code. */
import { WebSocket } from 'ws'

export interface Inspector {
  /** JavaScript memory that is reachable: heap and buffers, after a collection. */
  liveBytes(): Promise<number>
  startProfile(): Promise<void>
  /** The profile since it was started, as JSON text. */
  stopProfile(): Promise<string>
  close(): void
}

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

const MEMORY = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())'
const SAMPLE_MICROSECONDS = 500

/** @param url what Node printed after "Debugger listening on" @throws Error when it does not answer */
export const connectInspector = async (url: string): Promise<Inspector> => {
  const ws = new WebSocket(url, { perMessageDeflate: false, maxPayload: 1024 ** 3 })
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  let last = 0
  ws.on('message', (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer
    if (answer.id === undefined) return
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  ws.on('close', () => {
    for (const [id, answered] of waiting) answered({ id, error: { message: 'the process ended' } })
    waiting.clear()
  })
  const ask = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`)),
      )
      ws.send(JSON.stringify({ id, method, params }))
    })
  return {
    liveBytes: async () => {
      // Twice: what the first finalises, the second frees.
      await ask('HeapProfiler.collectGarbage')
      await ask('HeapProfiler.collectGarbage')
      const answer = (await ask('Runtime.evaluate', { expression: MEMORY })) as { result: { value: number } }
      return answer.result.value
    },
    startProfile: async () => {
      await ask('Profiler.enable')
      await ask('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS })
      await ask('Profiler.start')
    },
    stopProfile: async () => JSON.stringify(((await ask('Profiler.stop')) as { profile: object }).profile),
    close: () => ws.close(),
  }
}
