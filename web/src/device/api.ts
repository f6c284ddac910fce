/** Requests to the service's public API. */
import { type Caller, callerFor } from './caller.ts'

/** The service answered, and not as was hoped. */
export class ApiFault extends Error {
  /** 0: there was no answer. */
  readonly status: number

  constructor(status: number, words: string) {
    super(words)
    this.status = status
  }
}

export interface Asking {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Sent as JSON; bytes as they are. */
  readonly body?: unknown
  readonly accept?: string
}

/**
 * Asks the service, in the name of whoever writes in `story` (null: any).
 * @throws ApiFault when there is no answer, or a bad one
 */
export const ask = async (story: string | null, path: string, asking: Asking = {}): Promise<Response> => {
  const caller = callerFor(story)
  const { method = 'GET', body, accept } = asking
  const headers: Record<string, string> = {
    ...(caller.token === null ? {} : { authorization: `Bearer ${caller.token}` }),
  }
  if (accept !== undefined) headers.accept = accept
  const isBytes = body instanceof Blob
  if (body !== undefined) headers['content-type'] = isBytes ? 'application/octet-stream' : 'application/json'
  const init: RequestInit = { method, headers }
  if (body !== undefined) init.body = isBytes ? body : JSON.stringify(body)
  const response = await fetch(addressOf(caller, path, asking.query), init).catch((error: unknown) => {
    throw new ApiFault(0, error instanceof Error ? error.message : String(error))
  })
  if (!response.ok) throw new ApiFault(response.status, await reasonOf(response))
  return response
}

/** As `ask`, and reads the answer as JSON. */
export const askJson = async <T>(story: string | null, path: string, asking: Asking = {}): Promise<T> =>
  (await (await ask(story, path, { accept: 'application/json', ...asking })).json()) as T

/** The address of a request. A token is never part of it; a name that anybody may give themselves is. */
export const addressOf = (caller: Caller, path: string, query: Asking['query'] = {}): string => {
  const given = Object.entries({ ...(caller.token === null ? { user: caller.id } : {}), ...query })
  const params = new URLSearchParams(given.filter((entry): entry is [string, string] => entry[1] !== undefined))
  return `/api/v1${path}${params.size === 0 ? '' : `?${params}`}`
}

const reasonOf = async (response: Response): Promise<string> => {
  const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string }
  return problem.detail ?? problem.title ?? String(response.status)
}
