/** Errors as RFC 9457 has them. */

/** A response of type application/problem+json. `title` names the kind of fault, `detail` this one. */
export const problem = (status: number, title: string, detail?: string): Response =>
  new Response(JSON.stringify({ type: 'about:blank', title, status, ...(detail === undefined ? {} : { detail }) }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })
