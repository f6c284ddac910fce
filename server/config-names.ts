/** Names of settings: those known, and what a misspelt one was meant to be. */
import { SETTINGS } from './config-settings.ts'

const KNOWN = SETTINGS.flatMap(({ settings }) => settings.map(({ name }) => name))

const OURS = /^(AUTH|DATABASE|FOLD|HISTORY|MAX|RATE|NODE)_/

/** Begin with NODE_ and belong to Node.js, its images or npm. */
const NOT_OURS =
  /^NODE_(ENV|OPTIONS|PATH|VERSION|HOME|AUTH_TOKEN|CHANNEL_(FD|SERIALIZATION_MODE)|UNIQUE_ID|DEBUG(_NATIVE)?|COMPILE_CACHE(_PORTABLE)?|DISABLE_(COLORS|COMPILE_CACHE)|EXTRA_CA_CERTS|ICU_DATA|NO_WARNINGS|PENDING_(DEPRECATION|PIPE_INSTANCES)|PRESERVE_SYMLINKS(_MAIN)?|REDIRECT_WARNINGS|REPL_\w+|SKIP_PLATFORM_CHECK|TEST_CONTEXT|TLS_REJECT_UNAUTHORIZED|USE_(ENV_PROXY|SYSTEM_CA)|V8_COVERAGE)$/

/** What is wrong with the names that are set, a sentence each. */
export const nameFaults = (env: Readonly<Record<string, string | undefined>>): string[] => {
  const faults: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || KNOWN.includes(name) || NOT_OURS.test(name)) continue
    if (OURS.test(name)) faults.push(`${name} is not a setting; the nearest is ${nearest(name)}`)
  }
  return faults
}

const nearest = (name: string): string => {
  let best = { known: '', distance: Number.POSITIVE_INFINITY }
  for (const known of KNOWN) {
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
