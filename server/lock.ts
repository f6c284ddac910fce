/** The lock file of a data folder: one process at a time opens the embedded database. */
import { createHash, randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, startOf } from './process-start.ts'

export interface Lock {
  /** Whoever shows it could read the file, so may ask this process to work. */
  readonly key: string
  /**
   * Makes the address known at which this process can be asked.
   * @param tables the newest migration of the database, for commands that would migrate it
   */
  setAddress(address: string, tables?: string): void
  /** Removes the file if it is still ours. Idempotent. */
  release(): void
}

interface Holder {
  readonly pid: number
  /** When that process started, as its system tells it; null where it does not. */
  readonly started: string | null
  readonly address: string | null
  readonly tables: string | null
  /** Proves to this process that a caller could read the file. */
  readonly key: string
}

/** Another process has the folder. */
export class LockedError extends Error {
  readonly pid: number
  constructor(dir: string, holder: Holder) {
    const { pid, address } = holder
    const who = address === null ? `${pid}, a service that is starting or a command` : `${pid} at ${address}`
    const remedy = address === null ? 'Wait until it has ended or serves' : 'Stop that process'
    super(
      `${dir} is in use by process ${who}: the embedded database serves one process. ${remedy}, or set another DATA_DIR, or use DATABASE_URL to share one PostgreSQL`,
    )
    this.name = 'LockedError'
    this.pid = holder.pid
  }
}

/**
 * Takes the lock of `dir`, which is made where it is missing. A lock whose process has ended is taken over.
 * @throws LockedError naming the process that has it
 */
export const acquireLock = (dir: string, given: { readonly address: string | null }): Lock => {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, 'lock')
  const mine: Holder = {
    pid: process.pid,
    started: startOf(process.pid),
    address: given.address,
    tables: null,
    key: randomBytes(24).toString('base64url'),
  }
  const other = take(path, path, mine)
  if (other !== null) throw new LockedError(dir, other)
  return heldLock(path, mine)
}

/**
 * Takes `path`, and a lock left there by a process that has ended. To replace that one, the right to do so is taken
 * first, as a lock named after the exact text it replaces: of two starters one gets it, and a slow one that still
 * means an older text changes nothing.
 * @returns null when taken, else who has it
 */
const take = (base: string, path: string, mine: Holder): Holder | null => {
  for (;;) {
    if (create(path, mine)) return null
    const found = read(path)
    if (found === null) continue
    if (found.holder !== null && isRunning(found.holder.pid, found.holder.started)) return found.holder
    const claim = `${base}.${createHash('sha256').update(found.text).digest('hex').slice(0, 16)}`
    const rival = take(base, claim, mine)
    if (rival !== null) return rival
    try {
      if (read(path)?.text !== found.text) continue
      replace(path, mine)
      return null
    } finally {
      rmSync(claim, { force: true })
    }
  }
}

/** The service that has the lock of `dir`: where it can be asked, and with what. */
export interface Serving {
  readonly pid: number
  readonly address: string
  readonly key: string
  /** The newest migration of its database; null: it did not say. */
  readonly tables: string | null
}

/** Null: nobody has the lock of `dir`, or it has not yet an address. */
export const readLock = (dir: string): Serving | null => {
  const holder = read(join(dir, 'lock'))?.holder ?? null
  if (holder === null || holder.address === null || !isRunning(holder.pid, holder.started)) return null
  const { pid, address, key, tables } = holder
  return { pid, address, key, tables }
}

const heldLock = (path: string, mine: Holder): Lock => ({
  key: mine.key,
  setAddress: (address, tables) => {
    if (read(path)?.holder?.key === mine.key) replace(path, { ...mine, address, tables: tables ?? null })
  },
  release: () => {
    if (read(path)?.holder?.key === mine.key) rmSync(path, { force: true })
  },
})

const text = (holder: Holder): string => `${JSON.stringify(holder)}\n`

const beside = (path: string, key: string): string => `${path}.${key.slice(0, 12)}`

/** Links a whole file into place, so that nobody reads half a lock. */
const create = (path: string, holder: Holder): boolean => {
  const draft = beside(path, holder.key)
  writeFileSync(draft, text(holder), { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Puts a whole file in the place of the one at `path`. */
const replace = (path: string, holder: Holder): void => {
  const draft = beside(path, holder.key)
  writeFileSync(draft, text(holder), { mode: 0o600 })
  renameSync(draft, path)
}

const read = (path: string): { readonly text: string; readonly holder: Holder | null } | null => {
  let found: string
  try {
    found = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return { text: found, holder: parse(found) }
}

/** A lock that cannot be read was cut short by a loss of power: its process is gone. */
const parse = (found: string): Holder | null => {
  try {
    const { pid, started, address, tables, key } = JSON.parse(found) as Partial<Holder>
    if (!Number.isSafeInteger(pid) || typeof key !== 'string') return null
    return { pid: pid as number, started: started ?? null, address: address ?? null, tables: tables ?? null, key }
  } catch {
    return null
  }
}
