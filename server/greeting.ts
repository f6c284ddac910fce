/** What a person who starts the service reads first. */
import type { Config } from './config.ts'

const shown = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)

/** Host and port as a browser on this machine can use them. */
const authority = (address: { readonly host: string; readonly port: number }): string => {
  const anyAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }
  return `${anyAddress[address.host] ?? shown(address.host)}:${address.port}`
}

/** Where the rows lie, without user or password. */
export const databaseName = (config: Config): string => {
  if (config.databaseUrl === null) return `PGlite in ${config.dataDir}`
  const url = new URL(config.databaseUrl)
  return `PostgreSQL at ${url.hostname || 'localhost'}:${url.port || '5432'}, database ${decoded(url.pathname.slice(1)) || '(default)'}`
}

/** `words` without the password of the database, whoever wrote it into them. */
export const withoutSecrets = (words: string, config: Config): string => {
  if (config.databaseUrl === null) return words
  const { password } = new URL(config.databaseUrl)
  const secrets = [config.databaseUrl, password, decoded(password)].filter((secret) => secret !== '')
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), words)
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
export const greeting = (config: Config, address: { readonly host: string; readonly port: number }): string => {
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
    `  Connect   ws://${at}/collab   (y-websocket, rooms named <story>/<page>)`,
    ...data,
    '  Access    open: every caller may read and write everything',
    '',
  ].join('\n')
}
