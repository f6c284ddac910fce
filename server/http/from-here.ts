/** Whether a request comes from this machine: in open mode nothing else tells an operator from a passer-by. */
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { clientAddress, type ProxyList } from '../address.ts'
import { isLoopback } from '../loopback.ts'

/** A proxy on this machine makes the whole world look as if it called from here, unless it is trusted to say who does. */
export const isFromHere = (c: Context, proxies: ProxyList): boolean => {
  const connected = (getConnInfo(c).remote.address ?? '').replace(/^::ffff:/, '')
  const forwarded = c.req.header('x-forwarded-for')
  if (!isLoopback(clientAddress(connected, forwarded, proxies))) return false
  const isForwarded = forwarded !== undefined || c.req.header('forwarded') !== undefined
  return !isForwarded || proxies.trusts(connected)
}
