/** Which address a client calls from, where proxies stand between. */
import { BlockList, isIP } from 'node:net'

export interface ProxyList {
  /** Whether what an address says of its client is believed. */
  trusts(address: string): boolean
}

const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/^\[(.*)\]$/, '$1')

const familyOf = (address: string): 'ipv4' | 'ipv6' | null => {
  const version = isIP(address)
  return version === 0 ? null : version === 4 ? 'ipv4' : 'ipv6'
}

/**
 * Reads addresses and networks such as `10.0.0.0/8`.
 * @throws Error naming the entry that is none
 */
export const readProxies = (entries: readonly string[]): ProxyList => {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits, more] = entry.split('/')
    const family = familyOf(address)
    const most = family === 'ipv4' ? 32 : 128
    if (
      family === null ||
      more !== undefined ||
      (bits !== undefined && !(/^\d+$/.test(bits) && Number(bits) <= most))
    ) {
      throw new Error(`TRUSTED_PROXIES holds '${entry}': must be an address or a network such as 10.0.0.0/8`)
    }
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return {
    trusts: (address) => {
      const family = familyOf(address)
      return family !== null && list.check(address, family)
    },
  }
}

/**
 * The client's address: that of the connection, or, where a trusted proxy says so, the last one in X-Forwarded-For that
 * is no trusted proxy. What stands before it anybody may have written.
 */
export const clientAddress = (
  connected: string | undefined,
  forwarded: string | undefined,
  proxies: ProxyList,
): string => {
  let address = plain(connected ?? '')
  const hops = (forwarded ?? '').split(',').map((hop) => plain(hop.trim()))
  while (proxies.trusts(address)) {
    const hop = hops.pop()
    if (hop === undefined || isIP(hop) === 0) break
    address = hop
  }
  return address
}
