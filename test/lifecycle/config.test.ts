import { describe, expect, it } from 'vitest'
import { ConfigError, type Environment, readConfig } from '../../server/config.ts'

const faultsOf = (env: Environment): readonly string[] => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

describe('settings', () => {
  it('have a default each', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 1234,
      databaseUrl: null,
      databasePool: 4,
      dataDir: './data',
    })
    expect(config).toMatchObject({ batchRooms: 1000, logLevel: 'info', shutdownGraceMs: 10_000, allowedOrigins: [] })
    expect(config.fold).toEqual({ rows: 200, bytes: 1024 * 1024, maxRows: 2000, ratio: 0.1 })
    expect(config.history).toEqual({ fullDays: 7, hourlyDays: 30, days: null, versionMinutes: 10 })
  })

  it('that are empty count as unset', () => {
    expect(readConfig({ PORT: '', HOST: ' ', DATABASE_URL: '' })).toEqual(readConfig({}))
  })

  it('are refused all in one message', () => {
    const faults = faultsOf({ PORT: '12a', LOG_LEVEL: 'loud', FOLD_RATIO: '2', AUTH_JWT_SECRETT: 'x' })
    expect(faults).toHaveLength(4)
    for (const name of ['PORT', 'LOG_LEVEL', 'FOLD_RATIO', 'AUTH_JWT_SECRETT']) {
      expect(new ConfigError(faults).message).toContain(name)
    }
  })

  it('with an unknown name are refused with the nearest known one', () => {
    expect(faultsOf({ MAX_UPDATE_BYTE: '1' })).toEqual([
      'MAX_UPDATE_BYTE is not a setting; the nearest is MAX_UPDATE_BYTES',
    ])
    expect(faultsOf({ DATABASE_URI: 'x' })[0]).toContain('DATABASE_URL')
    expect(faultsOf({ FOLD_ROW: '1' })[0]).toContain('FOLD_ROWS')
    expect(faultsOf({ RATE_UPDATES: '1' })).toHaveLength(1)
    expect(faultsOf({ NODE_URI: 'x' })[0]).toContain('NODE_URL')
  })

  it('of Node.js itself and of other programs are left alone', () => {
    expect(faultsOf({ NODE_ENV: 'production', NODE_OPTIONS: '--max-old-space-size=512', NODE_VERSION: '20' })).toEqual(
      [],
    )
    expect(faultsOf({ PATH: '/bin', AUTHOR: 'ana', MAXIMUM: '1' })).toEqual([])
  })

  it.each(['NODE_URL', 'NODE_SECRET'])('%s of a later version is refused, never ignored', (name) => {
    expect(faultsOf({ [name]: 'x' })).toEqual([`${name} is not available in this version`])
    expect(faultsOf({ [name]: '' })).toHaveLength(1)
  })

  it('of later versions may say what this version does anyway', () => {
    expect(faultsOf({ WORKERS: '1' })).toEqual([])
    expect(faultsOf({ WORKERS: '2' })).toHaveLength(1)
  })
})

describe('access', () => {
  const secret = 'x'.repeat(32)

  it('is by tokens or a callback where one is set, and then on any address', () => {
    const config = readConfig({ HOST: '0.0.0.0', AUTH_JWT_SECRET: secret, AUTH_ISSUER: 'app' })
    expect(config).toMatchObject({
      openMode: false,
      auth: { source: { kind: 'secret' }, issuer: 'app', audience: null },
    })
    const asked = readConfig({ HOST: '::', AUTH_CALLBACK_URL: 'https://app.example/may', AUTH_CALLBACK_SECRET: secret })
    expect(asked).toMatchObject({
      openMode: false,
      auth: { source: null, callback: { url: 'https://app.example/may' } },
    })
  })

  it.each([
    ['a short secret', { AUTH_JWT_SECRET: 'hunter2' }],
    ['an empty one', { AUTH_JWT_SECRET: ' ' }],
    ['two sources', { AUTH_JWT_SECRET: secret, AUTH_JWKS_FILE: 'keys.json' }],
    ['an address that is none', { AUTH_JWKS_URL: 'keys' }],
    ['an address with a password', { AUTH_JWKS_URL: 'https://a:hunter2@b.example/keys' }],
    ['a callback without a secret', { AUTH_CALLBACK_URL: 'https://app.example' }],
    ['a callback with a short one', { AUTH_CALLBACK_URL: 'https://app.example', AUTH_CALLBACK_SECRET: 'hunter2' }],
    ['a secret without its callback', { AUTH_CALLBACK_SECRET: secret }],
    ['an issuer without tokens', { AUTH_ISSUER: 'app' }],
    ['open mode beside a secret', { AUTH: 'open', AUTH_JWT_SECRET: secret }],
    ['a reader that is neither', { AUTH_READER_PRESENCE: 'maybe' }],
    ['a rate that is none', { RATE_SOCKET_MESSAGES: '-1' }],
    ['frames that a first sync has no room in', { MAX_PARTIAL_BYTES: '1048576' }],
  ])('with %s is refused, and no secret is printed', (_what, env) => {
    expect(faultsOf(env)).toHaveLength(1)
    expect(faultsOf(env)[0]).not.toContain('hunter2')
  })
})

describe('open mode', () => {
  it.each(['127.0.0.1', '127.8.0.1', 'localhost', '::1'])('is served on %s', (HOST) => {
    expect(readConfig({ HOST }).openMode).toBe(true)
  })

  it.each(['0.0.0.0', '::', '10.0.0.5', 'stories.example', '127.0.0.1.example'])(
    'is refused on %s unless AUTH=open says that it is meant',
    (HOST) => {
      expect(faultsOf({ HOST })[0]).toContain('AUTH=open')
      expect(readConfig({ HOST, AUTH: 'open' }).host).toBe(HOST)
    },
  )

  it('has no other name', () => {
    expect(faultsOf({ AUTH: 'none' })).toHaveLength(1)
  })
})

describe('DATABASE_URL', () => {
  it('is a PostgreSQL address', () => {
    const url = 'postgres://ana:pass@db.example:5433/stories'
    expect(readConfig({ DATABASE_URL: url }).databaseUrl).toBe(url)
  })

  it.each(['mysql://ana:hunter2@db/stories', 'postgres//ana:hunter2@db', 'hunter2'])(
    'that is not one is refused without printing it',
    (DATABASE_URL) => {
      expect(faultsOf({ DATABASE_URL })).toHaveLength(1)
      expect(faultsOf({ DATABASE_URL })[0]).not.toContain('hunter2')
    },
  )
})

describe('CHANNEL', () => {
  const DATABASE_URL = 'postgres://ana:pass@db.example:5433/stories'
  const channelOf = (env: Environment) => readConfig({ DATABASE_URL, ...env }).channel

  it('is postgres for processes that share a database, at an address of its own where one is named', () => {
    expect(channelOf({})).toEqual({ kind: 'auto', listenUrl: DATABASE_URL })
    const DATABASE_LISTEN_URL = 'postgres://ana:pass@db.example:5432/stories'
    expect(channelOf({ CHANNEL: 'postgres', DATABASE_LISTEN_URL })).toEqual({
      kind: 'postgres',
      listenUrl: DATABASE_LISTEN_URL,
    })
    expect(channelOf({ CHANNEL: 'memory' })).toEqual({ kind: 'memory' })
    expect(readConfig({}).channel).toEqual({ kind: 'memory' })
  })

  it.each(['redis://cache', 'rediss://:secret@cache.example:6380/0'])('may be %s', (CHANNEL) => {
    expect(channelOf({ CHANNEL })).toEqual({ kind: 'redis', url: CHANNEL })
  })

  it.each(['rabbit', 'redis://', 'http://ana:hunter2@cache', 'redis:/cache'])(
    '%s is refused without printing it',
    (CHANNEL) => {
      expect(faultsOf({ DATABASE_URL, CHANNEL })).toHaveLength(1)
      expect(faultsOf({ DATABASE_URL, CHANNEL })[0]).not.toContain('hunter2')
    },
  )

  it('that needs several processes is refused with the embedded database, which serves one', () => {
    expect(faultsOf({ CHANNEL: 'postgres' })[0]).toContain('DATABASE_URL')
    expect(faultsOf({ CHANNEL: 'redis://cache' })[0]).toContain('DATABASE_URL')
    expect(faultsOf({ DATABASE_LISTEN_URL: DATABASE_URL })[0]).toContain('DATABASE_URL')
  })
})

describe('ALLOWED_ORIGINS', () => {
  it('is a list of exact origins, of apps too', () => {
    const { allowedOrigins } = readConfig({
      ALLOWED_ORIGINS: 'https://A.example, http://b.example:8080 capacitor://localhost',
    })
    expect(allowedOrigins).toEqual(['https://a.example', 'http://b.example:8080', 'capacitor://localhost'])
  })

  it.each(['*', 'https://*.example', 'https://a.example/', 'a.example'])('refuses %s', (ALLOWED_ORIGINS) => {
    expect(faultsOf({ ALLOWED_ORIGINS })).toHaveLength(1)
  })
})
