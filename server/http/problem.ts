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

/** Thrown by a route, answered as a problem. */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  readonly title: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, title: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.status = status
    this.title = title
    this.headers = headers
  }

  response(): Response {
    return problem(this.status, this.title, this.message, this.headers)
  }
}
