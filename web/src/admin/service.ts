/** Requests of the console. Its token lasts as long as the tab: it may do everything. */

const KEY = 'scriptorium:operator'

/** The service answered, and not as was hoped; 0: it did not answer. */
export class Fault extends Error {
  readonly status: number
  constructor(status: number, text: string) {
    super(text)
    this.status = status
  }
}

export const tokenNow = (): string => sessionStorage.getItem(KEY) ?? ''

export const keepToken = (token: string): void => {
  if (token === '') sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, token)
}

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** @param path below /api/v1 @throws Fault */
export const request = async (path: string, { method = 'GET', body, signal }: Asking = {}): Promise<Response> => {
  const token = tokenNow()
  const init: RequestInit = {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }
  const answer = await fetch(`/api/v1${path}`, init).catch((error: unknown) => {
    throw new Fault(0, error instanceof Error ? error.message : String(error))
  })
  if (answer.ok) return answer
  const problem = (await answer.json().catch(() => null)) as { title?: string; detail?: string } | null
  throw new Fault(answer.status, problem?.detail ?? problem?.title ?? answer.statusText)
}

/** @throws Fault */
export const ask = async <T>(path: string, asking: Asking = {}): Promise<T> =>
  (await (await request(path, asking)).json()) as T

/** Asks for work whose answer is a line for each step. @returns its report @throws Fault with its words when it fails */
export const work = async <T>(path: string, body: unknown): Promise<T> => {
  const text = await (await request(path, { method: 'POST', body })).text()
  const last = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as { report?: T; fault?: string }
  if (last.fault !== undefined) throw new Fault(500, last.fault)
  return last.report as T
}

/** The path of a page below the API. */
export const pagePath = (story: string, page: string): string =>
  `/stories/${encodeURIComponent(story)}/pages/${encodeURIComponent(page)}`

/** The path of a page among the rooms. */
export const roomPath = (story: string, page: string): string =>
  `/admin/rooms/${encodeURIComponent(story)}/${encodeURIComponent(page)}`
