/** Settings of the channel by which processes that hold the same page hear from one another. */

export type ChannelConfig =
  /** `auto`: `postgres` once another process serves from the same database. */
  | { readonly kind: 'auto' | 'postgres'; readonly listenUrl: string }
  /** Nothing travels: processes find each other's edits by looking. */
  | { readonly kind: 'memory' }
  | { readonly kind: 'redis'; readonly url: string }

type Environment = Readonly<Record<string, string | undefined>>

/** A setting that names a PostgreSQL; null: it is unset, or a fault. */
export const postgresUrl = (env: Environment, name: string, faults: string[]): string | null => {
  const given = env[name]?.trim()
  if (!given) return null
  const url = URL.canParse(given) ? new URL(given) : null
  if (url !== null && (url.protocol === 'postgres:' || url.protocol === 'postgresql:')) return given
  faults.push(`${name} must look like postgres://user:password@host:5432/database (special characters percent-encoded)`)
  return null
}

/** Reads CHANNEL and DATABASE_LISTEN_URL; a fault never shows a password. */
export const readChannel = (env: Environment, faults: string[]): ChannelConfig => {
  const given = env.CHANNEL?.trim() || 'auto'
  const database = env.DATABASE_URL?.trim() || null
  const ownListen = postgresUrl(env, 'DATABASE_LISTEN_URL', faults)
  const needsDatabase = (name: string) => {
    if (database === null) faults.push(`${name} needs DATABASE_URL: the embedded database serves one process`)
  }
  if (ownListen !== null) needsDatabase('DATABASE_LISTEN_URL')
  if (given === 'memory') return { kind: 'memory' }
  if (given === 'auto' || given === 'postgres') {
    if (given === 'postgres') needsDatabase('CHANNEL=postgres')
    const listenUrl = ownListen ?? database
    return listenUrl === null ? { kind: 'memory' } : { kind: given, listenUrl }
  }
  const url = URL.canParse(given) ? new URL(given) : null
  if (url !== null && (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '') {
    needsDatabase('CHANNEL=redis://…')
    return { kind: 'redis', url: given }
  }
  faults.push('CHANNEL must be auto, memory, postgres, or look like redis://user:password@host:6379')
  return { kind: 'memory' }
}
