/** Requests that are given up when nothing moves any more; one that comes on, however slowly, is waited for. */
import { decodeUtf8 } from 'lib0/string'
import type { Ports } from './ports.ts'

/** The slice of `fetch` that is used. */
export type Fetch = (url: string, init: Init) => Promise<Response>

interface Init {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: string
  /** Ends the request; none where the surroundings have no AbortController. */
  readonly signal?: AbortSignal
}

interface Response {
  readonly ok: boolean
  readonly status: number
  /** As it comes; where there is none, an answer is there at once or not at all. */
  readonly body?: { getReader(): Reader } | null
  json(): Promise<unknown>
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
}

export interface Patience {
  readonly fetch: Fetch
  readonly after: Ports['after']
  /** For how long nothing may move. */
  readonly ms: number
}

export interface Answer {
  readonly ok: boolean
  readonly status: number
  /** null: it was not `ok`. */
  readonly body: unknown
}

/** The service takes no request for longer than this, so a slow line has its time. */
const SENDING_MS = 60_000
/** Characters past which a request takes time to send. */
const SMALL = 64 * 1024
/** A slow line, where it is not seen how an answer comes: characters a millisecond, and those of the largest answer. */
const SLOW = 16
const LARGEST = 8_000_000

/** Whether `fetch` gives an answer when it begins; React Native gives it when it has ended. */
const showsProgress = (): boolean => 'body' in ((globalThis.Response as { prototype?: object })?.prototype ?? {})

/** Asks, and reads the answer as JSON. @throws Error when there is none, or nothing moved for too long */
export const askPatiently = async (
  address: string,
  init: Omit<Init, 'signal'>,
  { fetch, after, ms }: Patience,
): Promise<Answer> => {
  const stop = typeof AbortController === 'undefined' ? null : new AbortController()
  let forget: () => void = () => undefined
  let giveUp: (error: Error) => void = () => undefined
  const silence = new Promise<never>((_, fail) => {
    giveUp = fail
  })
  silence.catch(() => undefined)
  const within = <T>(work: Promise<T>, limit: number): Promise<T> => {
    forget()
    forget = after(limit, () => {
      const error = new Error(`nothing was heard of the service for ${limit / 1000} s`)
      giveUp(error)
      stop?.abort(error)
    })
    // A request that does not heed its signal is left to itself.
    return Promise.race([work, silence])
  }
  const begun = ms + (init.body.length > SMALL ? SENDING_MS : 0) + (showsProgress() ? 0 : LARGEST / SLOW)
  try {
    const { signal } = stop ?? {}
    const response = await within(fetch(address, { ...init, ...(signal !== undefined && { signal }) }), begun)
    const { ok, status } = response
    if (!ok) return { ok, status, body: null }
    const reader = response.body?.getReader()
    if (reader === undefined) return { ok, status, body: await within(response.json(), ms) }
    const chunks: Uint8Array[] = []
    for (;;) {
      const { done, value } = await within(reader.read(), ms)
      if (done) return { ok, status, body: JSON.parse(decodeUtf8(joined(chunks))) }
      if (value !== undefined) chunks.push(value)
    }
  } finally {
    forget()
  }
}

const joined = (chunks: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
