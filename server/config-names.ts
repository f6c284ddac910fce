/** Names of settings: those known, those of later versions, and what a misspelt one was meant to be. */

const KNOWN = [
  'HOST',
  'PORT',
  'DATABASE_URL',
  'DATABASE_POOL',
  'DATABASE_CA',
  'DATABASE_LISTEN_URL',
  'DATA_DIR',
  'DEMO',
  'AUTH',
  'AUTH_JWT_SECRET',
  'AUTH_JWKS_URL',
  'AUTH_JWKS_FILE',
  'AUTH_ISSUER',
  'AUTH_AUDIENCE',
  'AUTH_CALLBACK_URL',
  'AUTH_CALLBACK_SECRET',
  'AUTH_READER_PRESENCE',
  'ALLOWED_ORIGINS',
  'BATCH_ROOMS',
  'LOG_LEVEL',
  'SHUTDOWN_GRACE_MS',
  'FOLD_ROWS',
  'FOLD_BYTES',
  'FOLD_MAX_ROWS',
  'FOLD_RATIO',
  'HISTORY_VERSION_MINUTES',
  'HISTORY_FULL_DAYS',
  'HISTORY_HOURLY_DAYS',
  'HISTORY_DAYS',
  'MAX_UPDATE_BYTES',
  'MAX_SYNC_BYTES',
  'MAX_UNSAVED_BYTES',
  'MAX_WAITING_SOCKETS',
  'MAX_IDLE_ROOM_BYTES',
  'MAX_PRESENCE_BYTES',
  'MAX_PAGE_BYTES',
  'MAX_PARTIAL_BYTES',
  'MAX_HEADER_BYTES',
  'MAX_ASSET_BYTES',
  'MAX_STORY_ASSET_BYTES',
  'MAX_USER_SOCKETS',
  'MAX_PAGE_SOCKETS',
  'MAX_ADDRESS_SOCKETS',
  'MAX_USER_PAGES',
  'RATE_SOCKET_MESSAGES',
  'RATE_SOCKET_BYTES',
  'RATE_USER_MESSAGES',
  'RATE_USER_BYTES',
  'RATE_PAGE_MESSAGES',
  'RATE_PAGE_BYTES',
  'TRUSTED_PROXIES',
  'CHANNEL',
]

/** Promised, and not built yet: ignoring one of them could open a door, so it is refused. */
const LATER = ['NODE_URL', 'NODE_SECRET']

/** Settings of later versions that have a value this version already lives up to. */
const LATER_VALUES: Readonly<Record<string, readonly string[]>> = { WORKERS: ['1'] }

const OURS = /^(AUTH|DATABASE|FOLD|HISTORY|MAX|RATE|NODE)_/

/** Begin with NODE_ and belong to Node.js, its images or npm. */
const NOT_OURS =
  /^NODE_(ENV|OPTIONS|PATH|VERSION|HOME|AUTH_TOKEN|CHANNEL_(FD|SERIALIZATION_MODE)|UNIQUE_ID|DEBUG(_NATIVE)?|COMPILE_CACHE(_PORTABLE)?|DISABLE_(COLORS|COMPILE_CACHE)|EXTRA_CA_CERTS|ICU_DATA|NO_WARNINGS|PENDING_(DEPRECATION|PIPE_INSTANCES)|PRESERVE_SYMLINKS(_MAIN)?|REDIRECT_WARNINGS|REPL_\w+|SKIP_PLATFORM_CHECK|TEST_CONTEXT|TLS_REJECT_UNAUTHORIZED|USE_(ENV_PROXY|SYSTEM_CA)|V8_COVERAGE)$/

/** What is wrong with the names that are set, a sentence each. */
export const nameFaults = (env: Readonly<Record<string, string | undefined>>): string[] => {
  const faults: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || KNOWN.includes(name) || NOT_OURS.test(name)) continue
    const lived = LATER_VALUES[name]
    if (LATER.includes(name)) faults.push(`${name} is not available in this version`)
    else if (lived !== undefined) {
      if (value.trim() !== '' && !lived.includes(value.trim())) {
        faults.push(`${name}: only ${lived.join(' or ')} is available in this version`)
      }
    } else if (OURS.test(name)) faults.push(`${name} is not a setting; the nearest is ${nearest(name)}`)
  }
  return faults
}

const nearest = (name: string): string => {
  let best = { known: '', distance: Number.POSITIVE_INFINITY }
  for (const known of [...KNOWN, ...LATER]) {
    const distance = editDistance(name, known)
    if (distance < best.distance) best = { known, distance }
  }
  return best.known
}

/** Keystrokes between two words (Levenshtein). */
const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
