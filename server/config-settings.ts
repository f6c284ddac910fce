/** Every setting: its name, its default and what it means. Help, documentation and the check of names are made of it. */

export interface Setting {
  readonly name: string
  /** The default as one could give it; null: there is none. */
  readonly value: string | null
  /** What holds where it is unset, for those without a default that could be given. */
  readonly unset?: string
  readonly meaning: string
}

export interface SettingGroup {
  readonly title: string
  readonly settings: readonly Setting[]
}

const MEGABYTE = 1024 * 1024
const bytes = (megabytes: number): string => String(megabytes * MEGABYTE)

const setting = (name: string, value: string | null, meaning: string, unset?: string): Setting => ({
  name,
  value,
  meaning,
  ...(unset === undefined ? {} : { unset }),
})

const CORE: readonly Setting[] = [
  setting('HOST', '127.0.0.1', 'where to listen; 0.0.0.0: on all addresses of this machine'),
  setting('PORT', '1234', '0 picks a free one and prints it'),
  setting('DATABASE_URL', null, 'PostgreSQL 14 or newer. Unset: embedded PGlite in DATA_DIR', 'embedded'),
  setting('DATA_DIR', './data', 'where PGlite keeps its files, and the lock that keeps a second process away'),
  setting('AUTH_JWT_SECRET', null, 'HS256 secret of 32 bytes or more that signs tokens; or a key set, or a callback'),
  setting('AUTH', null, 'open allows open mode on an address that others can reach'),
  setting(
    'ALLOWED_ORIGINS',
    null,
    'exact origins of browsers that may connect, separated by commas. In open mode any loopback origin may, and Host must be a loopback name, HOST, or the host of an allowed origin',
    'same origin',
  ),
  setting(
    'TRUSTED_PROXIES',
    null,
    'addresses and networks (10.0.0.0/8), separated by commas, whose X-Forwarded-For is believed',
  ),
  setting(
    'WORKERS',
    '1',
    'processes on this machine, each with pages of its own (needs DATABASE_URL); limits of a user or an address count in each',
  ),
  setting('LOG_LEVEL', 'info', 'trace to fatal, or silent; JSON lines on stdout, never page content'),
  setting('HISTORY_DAYS', 'forever', 'how long the history of a page is kept: a number of days, or forever'),
  setting('DEMO', 'on', 'whether an empty database of open mode begins with a small story to look at; off: with none'),
]

const ACCESS: readonly Setting[] = [
  setting('AUTH_JWKS_URL', null, 'a set of public keys (RS256, ES256, EdDSA) by URL, instead of a secret'),
  setting('AUTH_JWKS_FILE', null, '… or in a file'),
  setting('AUTH_ISSUER', null, 'iss that a token must carry'),
  setting('AUTH_AUDIENCE', null, 'aud that a token must carry'),
  setting('AUTH_CALLBACK_URL', null, "the application's backend, asked what a caller may do"),
  setting('AUTH_CALLBACK_SECRET', null, 'signs the requests to it (32 bytes or more)'),
  setting('AUTH_READER_PRESENCE', 'true', 'whether readers are seen by the others'),
]

const PROCESSES: readonly Setting[] = [
  setting('DATABASE_POOL', '4', 'connections; beside other processes one more, for the channel'),
  setting('DATABASE_CA', null, "CA of the database's certificate: PEM text, or the path of a PEM file"),
  setting(
    'DATABASE_LISTEN_URL',
    null,
    'the same database over a session connection, where DATABASE_URL goes through a transaction pooler',
    'DATABASE_URL',
  ),
  setting('NODE_URL', null, 'where other nodes reach this one; unset: this node serves whatever comes to it'),
  setting('NODE_SECRET', null, 'what nodes prove to each other (32 bytes or more, the same on all)'),
  setting(
    'CHANNEL',
    'auto',
    'how processes with the same page open hear of it: postgres, a redis:// URL (npm install @redis/client), or memory: they look once a second. auto: postgres',
  ),
  setting('BATCH_ROOMS', '1000', 'pages in one append statement; 1 on a distributed PostgreSQL'),
  setting('SHUTDOWN_GRACE_MS', '10000', 'how long a drain may take'),
]

const HISTORY: readonly Setting[] = [
  setting('FOLD_ROWS', '200', 'rows since the last snapshot of a page before a new one is considered'),
  setting('FOLD_BYTES', bytes(1), 'bytes since the last snapshot count like FOLD_ROWS'),
  setting('FOLD_RATIO', '0.1', "… and made, once they are this share of the snapshot's size"),
  setting('FOLD_MAX_ROWS', '2000', '… or this many rows'),
  setting('HISTORY_FULL_DAYS', '7', 'every row of the history is kept as it was written for so long,'),
  setting('HISTORY_HOURLY_DAYS', '30', '… then one for each hour and author, and after so many days one for each day'),
  setting(
    'HISTORY_VERSION_MINUTES',
    '10',
    'least time between two automatic versions of a page that is being worked on; 0: none',
  ),
]

const LIMITS: readonly Setting[] = [
  setting('MAX_UPDATE_BYTES', bytes(1), 'one live edit'),
  setting('MAX_SYNC_BYTES', bytes(32), 'what a returning client brings at once; also the largest frame'),
  setting('MAX_PAGE_BYTES', bytes(64), 'one page'),
  setting('MAX_ASSET_BYTES', bytes(5), 'one picture'),
  setting('MAX_STORY_ASSET_BYTES', bytes(200), 'all pictures of a story'),
  setting('MAX_PRESENCE_BYTES', '4096', 'presence (cursor, name) of one client'),
  setting('MAX_HEADER_BYTES', '16384', 'headers of one request'),
  setting('MAX_UNSAVED_BYTES', bytes(64), 'held uncommitted in this process before writers are not read'),
  setting('MAX_IDLE_ROOM_BYTES', bytes(64), 'memory for pages that nobody has open'),
  setting('MAX_PARTIAL_BYTES', bytes(128), 'half-received frames of all sockets together'),
  setting('MAX_WAITING_SOCKETS', '2000', 'sockets that wait for their page at once'),
  setting('MAX_USER_SOCKETS', '200', 'sockets of a user; 0: any number, here and below'),
  setting('MAX_PAGE_SOCKETS', '5000', 'sockets on a page'),
  setting('MAX_ADDRESS_SOCKETS', '2000', "sockets from an address (this machine's own is not counted)"),
  setting('MAX_USER_PAGES', '200', 'pages a user has open at once'),
]

const RATES: readonly Setting[] = [
  setting(
    'RATE_SOCKET_MESSAGES',
    '2000',
    'messages a second of a socket; who sends more is not read for a while, and a request of theirs is answered 429; 0: as many as come',
  ),
  setting('RATE_SOCKET_BYTES', bytes(4), '… and bytes'),
  setting('RATE_USER_MESSAGES', '4000', 'the same of a user'),
  setting('RATE_USER_BYTES', bytes(16), '… and bytes'),
  setting('RATE_PAGE_MESSAGES', '10000', 'the same to a page'),
  setting('RATE_PAGE_BYTES', bytes(32), '… and bytes'),
]

/** All settings, those first that are needed first. */
export const SETTINGS: readonly SettingGroup[] = [
  { title: 'Needed first', settings: CORE },
  { title: 'Who may come in', settings: ACCESS },
  { title: 'Database and processes', settings: PROCESSES },
  { title: 'Snapshots and history', settings: HISTORY },
  { title: 'Limits', settings: LIMITS },
  { title: 'Rates', settings: RATES },
]

/** What holds where a setting is not given, in words. */
export const defaultOf = ({ value, unset }: Setting): string => value ?? unset ?? 'none'
