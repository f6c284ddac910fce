/** Errors as RFC 9457 has them. */

/** A response of type application/problem+json. `title` names the kind of fault, `detail` this one. */
export const problem = (
  status: number,
  title: string,
  detail?: string,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(JSON.stringify({ type: 'about:blank', title, status, ...(detail === undefined ? {} : { detail }) }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })

/** A fault of the request that a route throws; answered as a problem. */
export class Problem extends Error {
  readonly status: number
  readonly title: string
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, title: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.title = title
    this.headers = headers
  }
}
