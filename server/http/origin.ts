/** Which browsers may call, and by which name the service may be called. */
import type { Config } from '../config.ts'
import { isLoopback } from '../loopback.ts'

export type OriginRules = Pick<Config, 'host' | 'openMode' | 'allowedOrigins'>

export interface Called {
  /** The Origin header; null: none. */
  readonly origin: string | null
  /** The Host header. */
  readonly host: string | null
  readonly config: OriginRules
}

const WILDCARDS = ['0.0.0.0', '::', '[::]']

/**
 * Whether the service may be called by the name in `host` (the Host header). In open mode a page of another site could
 * make its own name point here, so only names that cannot be made to do so are taken: loopback, the configured HOST, an
 * IP address where every address is listened on, and hosts of ALLOWED_ORIGINS.
 */
export const hostAllowed = (host: string | null, rules: OriginRules): boolean => {
  if (!rules.openMode) return true
  const name = hostName(host)
  if (name === null) return false
  return (
    isLoopback(name) ||
    name === bare(rules.host.toLowerCase()) ||
    (WILDCARDS.includes(rules.host) && isAddress(name)) ||
    rules.allowedOrigins.some((origin) => hostName(origin.split('://')[1]) === name)
  )
}

/** Whether a request so called may be served. No Origin: a native app; credentials are never cookies. */
export const originAllowed = ({ origin: given, host, config }: Called): boolean => {
  if (!hostAllowed(host, config)) return false
  if (given === null) return true
  const origin = given.toLowerCase()
  if (config.allowedOrigins.includes(origin)) return true
  const [scheme, authority] = origin.split('://')
  if (scheme === undefined || authority === undefined) return false
  if (config.openMode && isLoopback(hostName(authority) ?? '')) return true
  return config.allowedOrigins.length === 0 && sameAuthority(scheme, authority, host)
}

/** The scheme of the request is not known behind a proxy that ends TLS, so names and ports are compared. */
const sameAuthority = (scheme: string, authority: string, host: string | null): boolean => {
  if (host === null || (scheme !== 'http' && scheme !== 'https')) return false
  const standard = scheme === 'http' ? /:80$/ : /:443$/
  return authority.replace(standard, '') === host.toLowerCase().replace(standard, '')
}

/** The last authority and its name: nearly every caller comes to the same, and parsing costs as much as a handshake. */
let lastAuthority = ''
let lastName: string | null = null

const hostName = (authority: string | null | undefined): string | null => {
  if (authority === null || authority === undefined) return null
  if (authority !== lastAuthority) {
    lastName = parsedName(authority)
    lastAuthority = authority
  }
  return lastName
}

const parsedName = (authority: string): string | null => {
  if (!URL.canParse(`http://${authority}`)) return null
  const url = new URL(`http://${authority}`)
  return url.username === '' && url.password === '' && url.pathname === '/' ? bare(url.hostname) : null
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')

const isAddress = (name: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(':')
