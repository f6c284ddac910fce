/** Which core serves and which make the load, so that neither takes the other's time. */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const cores = availableParallelism()

/** Whether processes can be held to a core here. */
export const canPin = process.platform === 'linux' && cores > 1 && spawnSync('taskset', ['--version']).status === 0

/** The server's core; null: it may run anywhere. */
export const serverCore: string | null = canPin ? '0' : null
/** Those of the load. */
export const loadCores: string | null = canPin ? `1-${cores - 1}` : null

/** A command line that runs `file` on `core`; the process id stays its own. */
export const pinned = (core: string | null, file: string, args: readonly string[]): [string, string[]] =>
  core === null ? [file, [...args]] : ['taskset', ['-c', core, file, ...args]]
