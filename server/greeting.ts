/** What a person who starts the service reads first. */
import { networkInterfaces } from 'node:os'
import type { Config } from './config.ts'
import { isLoopback } from './loopback.ts'

const shown = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)

interface Address {
  readonly host: string
  readonly port: number
}

/** Hosts that stand for all addresses of a machine, and how a browser on it reaches them. */
const ALL: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }

/** Host and port as a browser on this machine can use them. */
const authority = ({ host, port }: Address): string => `${ALL[host] ?? shown(host)}:${port}`

/** Where others in the same network find the editor. */
const inNetwork = ({ host, port }: Address): string[] => {
  if (ALL[host] === undefined) return []
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const others = all.filter(({ family, internal }) => family === 'IPv4' && !internal)
  return others.map(({ address }) => `  Network   http://${address}:${port}/`)
}

/** Where the rows lie, without user or password. */
export const databaseName = (config: Config): string => {
  if (config.databaseUrl === null) return `PGlite in ${config.dataDir}`
  const url = new URL(config.databaseUrl)
  return `PostgreSQL at ${url.hostname || 'localhost'}:${url.port || '5432'}, database ${decoded(url.pathname.slice(1)) || '(default)'}`
}

/** `words` without the passwords and secrets of the settings, whoever wrote them into it. */
export const withoutSecrets = (words: string, config: Config): string =>
  secretsOf(config).reduce((text, secret) => text.replaceAll(secret, '…'), words)

const secretsOf = ({ databaseUrl, auth, channel, node }: Config): string[] => {
  const secrets: string[] = []
  const listenUrl = 'listenUrl' in channel ? channel.listenUrl : null
  const redisUrl = channel.kind === 'redis' ? channel.url : null
  for (const url of [databaseUrl, listenUrl, redisUrl]) {
    if (url === null) continue
    const { password } = new URL(url)
    secrets.push(url, password, decoded(password))
  }
  if (auth.source?.kind === 'secret') secrets.push(auth.source.secret)
  if (node !== null) secrets.push(node.secret)
  if (auth.callback !== null) secrets.push(auth.callback.secret)
  return secrets.filter((secret) => secret !== '')
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not percent-encoding after all: the text itself is the secret.
    return text
  }
}

/** The lines printed once the service listens at `address`. */
export const greeting = (config: Config, address: Address): string => {
  const at = authority(address)
  const data =
    config.databaseUrl === null
      ? [
          `  Data      ${config.dataDir}`,
          '            embedded PGlite: serves one process; survives a crash of the process, not a loss of power',
          '            (set DATABASE_URL to keep the data in PostgreSQL)',
        ]
      : [`  Data      ${databaseName(config)}`]
  return [
    'Scriptorium is running.',
    `  Editor    http://${at}/`,
    ...inNetwork(address),
    `  Connect   ws://${at}/collab   (y-websocket, rooms named <story>/<page>)`,
    ...data,
    ...access(config),
    '',
  ].join('\n')
}

const access = ({ auth, openMode, host }: Config): string[] => {
  if (openMode) {
    const others = isLoopback(host) ? 'before others can reach it' : 'to choose who may: others can reach it now'
    return [
      '  Access    OPEN: every caller may read, write and delete everything',
      `            (open mode; set AUTH_JWT_SECRET, AUTH_JWKS_URL or AUTH_CALLBACK_URL ${others})`,
    ]
  }
  const tokens = { secret: 'HS256 secret', 'jwks-url': 'key set by URL', 'jwks-file': 'key set in a file' }
  const verified = auth.source === null ? [] : [`tokens (${tokens[auth.source.kind]})`]
  return [`  Access    ${[...verified, ...(auth.callback === null ? [] : ['AUTH_CALLBACK_URL'])].join(', then ')}`]
}
