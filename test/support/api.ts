/** Calling the HTTP API as an application's backend does. */

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect
  readonly body: any
  readonly headers: Headers
}

/** @param path below /api/v1 */
export const call = async (
  address: string,
  method: string,
  path: string,
  { token = '', body = undefined as unknown, headers = {} as Record<string, string> } = {},
): Promise<Answer> => {
  const response = await fetch(`${address}/api/v1${path}`, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').includes('json')
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers }
}
