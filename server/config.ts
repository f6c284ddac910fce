/** Environment -> Config, or one error that names every fault. */

import { type AuthConfig, readAuth, readOpenMode } from './config-auth.ts'
import { type ChannelConfig, postgresUrl, readChannel } from './config-channel.ts'
import { type Limits, readLimits } from './config-limits.ts'
import { nameFaults } from './config-names.ts'

export interface Config {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** PostgreSQL; null: embedded PGlite in `dataDir`. */
  readonly databaseUrl: string | null
  readonly databasePool: number
  /** PEM text, or the path of a PEM file, of the CA that signed the database's certificate. */
  readonly databaseCa: string | null
  readonly dataDir: string
  readonly auth: AuthConfig
  /** Every caller may do everything. */
  readonly openMode: boolean
  /** Whether an empty database begins with a story to look at. */
  readonly demo: boolean
  /** Exact origins of browsers that may call; empty: the same origin only (open mode: any loopback origin too). */
  readonly allowedOrigins: readonly string[]
  /** Rooms in one append statement. */
  readonly batchRooms: number
  readonly logLevel: LogLevel
  readonly shutdownGraceMs: number
  readonly fold: FoldSettings
  readonly history: HistorySettings
  readonly limits: Limits
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  readonly channel: ChannelConfig
}

export interface FoldSettings {
  /** Rows in the tail before a fold is thought of. */
  readonly rows: number
  /** Bytes in the tail before a fold is thought of. */
  readonly bytes: number
  /** Rows in the tail at which it is folded whatever its size. */
  readonly maxRows: number
  /** Size of the tail, as a share of the snapshot, at which it is folded. */
  readonly ratio: number
}

/** How the history of a page is kept. */
export interface HistorySettings {
  /** Every row is kept as it was written for so long; */
  readonly fullDays: number
  /** then one for each hour, until so many days have passed; then one for each day; */
  readonly hourlyDays: number
  /** until it is dropped; null: kept for ever. */
  readonly days: number | null
  /** Least time in minutes between two automatic versions of a page; 0: none. */
  readonly versionMinutes: number
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Settings that cannot be used; the message names every fault. */
export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`these settings cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

const MEGABYTE = 1024 * 1024
const FOREVER = 'forever'

/**
 * Reads every setting.
 * @throws ConfigError naming all faults at once; it never holds the value of DATABASE_URL
 */
export const readConfig = (env: Environment): Config => {
  const faults: string[] = nameFaults(env)
  const { text, whole, share, isOn } = readers(env, faults)
  const host = text('HOST', '127.0.0.1')
  const auth = readAuth(env, text, faults)
  const openMode = readOpenMode(auth, text('AUTH', ''), host, faults)
  const config: Config = {
    host,
    port: whole('PORT', 1234, 0, 65535),
    databaseUrl: postgresUrl(env, 'DATABASE_URL', faults),
    databasePool: whole('DATABASE_POOL', 4, 1, 100),
    databaseCa: text('DATABASE_CA', '') || null,
    dataDir: text('DATA_DIR', './data'),
    auth,
    openMode,
    demo: isOn('DEMO', 'on') && openMode,
    allowedOrigins: origins(env, faults),
    batchRooms: whole('BATCH_ROOMS', 1000, 1, 10_000),
    logLevel: logLevel(text('LOG_LEVEL', 'info'), faults),
    shutdownGraceMs: whole('SHUTDOWN_GRACE_MS', 10_000, 0, 600_000),
    fold: {
      rows: whole('FOLD_ROWS', 200, 1, 1_000_000),
      bytes: whole('FOLD_BYTES', MEGABYTE, 1024, 512 * MEGABYTE),
      maxRows: whole('FOLD_MAX_ROWS', 2000, 1, 1_000_000),
      ratio: share('FOLD_RATIO', 0.1),
    },
    history: {
      fullDays: whole('HISTORY_FULL_DAYS', 7, 0, 36_500),
      hourlyDays: whole('HISTORY_HOURLY_DAYS', 30, 0, 36_500),
      days: text('HISTORY_DAYS', FOREVER) === FOREVER ? null : whole('HISTORY_DAYS', 0, 1, 36_500),
      versionMinutes: whole('HISTORY_VERSION_MINUTES', 10, 0, 100_000),
    },
    limits: readLimits(whole, faults),
    trustedProxies: (env.TRUSTED_PROXIES ?? '').split(/[\s,]+/).filter((proxy) => proxy !== ''),
    channel: readChannel(env, faults),
  }
  if (config.fold.maxRows < config.fold.rows) faults.push('FOLD_MAX_ROWS is less than FOLD_ROWS')
  if (config.history.hourlyDays < config.history.fullDays)
    faults.push('HISTORY_HOURLY_DAYS is less than HISTORY_FULL_DAYS')
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

const readers = (env: Environment, faults: string[]) => {
  const text = (name: string, fallback: string): string => env[name]?.trim() || fallback
  const whole = (name: string, fallback: number, least: number, most: number): number => {
    const given = text(name, String(fallback))
    const value = Number(given)
    if (/^\d+$/.test(given) && value >= least && value <= most) return value
    faults.push(`${name} is '${given}': must be a whole number from ${least} to ${most}`)
    return fallback
  }
  const share = (name: string, fallback: number): number => {
    const given = text(name, String(fallback))
    const value = Number(given)
    if (/^\d*\.?\d+$/.test(given) && value > 0 && value <= 1) return value
    faults.push(`${name} is '${given}': must be a number above 0, at most 1`)
    return fallback
  }
  const isOn = (name: string, fallback: string): boolean => {
    const given = text(name, fallback)
    if (given !== 'on' && given !== 'off') faults.push(`${name} is '${given}': must be on or off`)
    return given === 'on'
  }
  return { text, whole, share, isOn }
}

const origins = (env: Environment, faults: string[]): readonly string[] => {
  const given = (env.ALLOWED_ORIGINS ?? '').split(/[\s,]+/).filter((origin) => origin !== '')
  for (const origin of given) {
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#*]+$/i.test(origin)) {
      faults.push(`ALLOWED_ORIGINS holds '${origin}': must be an exact origin such as https://stories.example`)
    }
  }
  return given.map((origin) => origin.toLowerCase())
}

const logLevel = (given: string, faults: string[]): LogLevel => {
  const level = LOG_LEVELS.find((known) => known === given)
  if (level === undefined) faults.push(`LOG_LEVEL is '${given}': must be one of ${LOG_LEVELS.join(', ')}`)
  return level ?? 'info'
}
