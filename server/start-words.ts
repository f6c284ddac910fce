/** What a person is told whose service does not start: what failed, and what to do. */
import type { Config } from './config.ts'
import { DatabaseError } from './database/port.ts'
import { databaseName, withoutSecrets } from './greeting.ts'
import { Unreachable } from './reachable.ts'

/** Why something failed, without the secrets of the settings. */
export const reasonOf = (error: unknown, config: Config): string =>
  withoutSecrets(error instanceof Error ? error.message || error.name : String(error), config)

/** A try to reach the database has failed; the next follows. */
export const waitingWords = (config: Config, reason: string, pauseMs: number, until: number): string => {
  const next = `next try in ${Number((pauseMs / 1000).toFixed(1))} s`
  const end = new Date(until).toISOString().slice(11, 19)
  return `${databaseName(config)}, is not reachable: ${plain(withoutSecrets(reason, config))}; ${next}, until ${end} UTC.\n`
}

/** Why the service cannot start, and the remedy. */
export const failureWords = (error: unknown, config: Config): string =>
  `Scriptorium cannot start: ${failureReason(error, config)}\n`

/** The same without what cannot be done. */
export const failureReason = (error: unknown, config: Config): string => {
  const reason = plain(reasonOf(error, config))
  if (error instanceof Unreachable) {
    return `${databaseName(config)}, could not be reached: ${reason}.\nIs it running, and does DATABASE_URL name the right host and port?`
  }
  if (error instanceof DatabaseError) {
    const remedy = config.databaseUrl === null ? '' : '\nDATABASE_URL says which database, user and password.'
    return `${databaseName(config)}: ${reason}.${remedy}`
  }
  return addressWords((error as NodeJS.ErrnoException | null)?.code, config) ?? reason
}

const addressWords = (code: string | undefined, { host, port }: Config): string | null => {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is in use by another program.\nEnd that one, or choose another port: PORT=${port === 65_535 ? 0 : port + 1} (PORT=0 takes a free one).`
    case 'EACCES':
      return `this user may not listen on port ${port} of ${host}.\nChoose a port from 1024 on, such as PORT=1234.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${host}.\nHOST=127.0.0.1 serves this machine alone, HOST=0.0.0.0 all of its addresses.`
    default:
      return null
  }
}

const plain = (reason: string): string => reason.replace(/^cannot connect: /, '')
