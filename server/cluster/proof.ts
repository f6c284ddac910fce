/**
 * What a node shows when it passes a socket on: that it knows the secret of all nodes, for this one handshake, and the
 * address of the client. A request that shows it is served where it comes, so none is passed on twice.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

const PROOF_HEADER = 'x-scriptorium-node'
const CLIENT_HEADER = 'x-scriptorium-client'
/** Clocks of nodes may differ by so much. */
const SKEW_MS = 60_000

type Handshake = Pick<IncomingMessage, 'url' | 'headers'>

const sign = (secret: string, { url = '', headers }: Handshake, client: string, at: string): Buffer =>
  createHmac('sha256', secret)
    .update([at, client, url, headers['sec-websocket-key'] ?? ''].join('\n'))
    .digest()

/** Headers, as name and value in turn, for a request that is passed on. */
export const proofOf = (secret: string, request: Handshake, client: string, now: number): string[] => [
  PROOF_HEADER,
  `${now} ${sign(secret, request, client, String(now)).toString('hex')}`,
  CLIENT_HEADER,
  client,
]

/**
 * The client's address, as the node says that passed the request on.
 * @returns null where no node did; `forged` where somebody says so and proves nothing
 */
export const provenClient = (
  secret: string | null,
  request: Handshake,
  now: number,
): { readonly client: string } | 'forged' | null => {
  const proof = single(request.headers, PROOF_HEADER)
  const client = single(request.headers, CLIENT_HEADER)
  if (proof === undefined && client === undefined) return null
  const [at = '', signature = ''] = (proof ?? '').split(' ')
  if (secret === null || client === undefined || !(Math.abs(now - Number(at)) <= SKEW_MS)) return 'forged'
  const expected = sign(secret, request, client, at)
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected) ? { client } : 'forged'
}

const single = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const given = headers[name]
  return Array.isArray(given) ? given.join(',') : given
}
