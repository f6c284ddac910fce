/** What the archive is made of, and how it asks the worker threads. */
import type { Database } from '../../database/port.ts'
import type { Random } from '../../ports.ts'
import type { Told } from '../../threads/page/jobs.ts'
import { type Threads, ThreadsBusy } from '../../threads/pool.ts'
import { ArchiveFault } from './fault.ts'

export interface ArchiveParts {
  readonly database: Database
  readonly threads: Threads
  readonly random: Random
  /** Told when a page got a row from elsewhere than its room; resolves once an open room has taken it in. */
  readonly changed: (roomId: string) => Promise<void>
  /** Told when a page was deleted; resolves once its members were told. */
  readonly ended: (roomId: string) => Promise<void>
}

/** Who asks, and the Idempotency-Key under which it takes effect once. */
export interface Asked {
  readonly author: string | null
  readonly once: Once | null
}

export interface Once {
  /** Whom and what the key is for: keys of others do not meet it. */
  readonly scope: string
  readonly key: string
  /** The request in short: a key stands for one request only. */
  readonly request: string
}

/** What a thread gave. @throws ArchiveFault busy, JobError, ThreadLost */
export const notBusy = async <T>(asked: Promise<T>): Promise<T> => {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ThreadsBusy) throw new ArchiveFault('busy', 'too much is under way: try again')
    throw error
  }
}

/** What the threads told. @throws ArchiveFault, JobError, ThreadLost */
export const told = async <T>(asked: Promise<Told<T>>): Promise<T> => {
  const answer = await notBusy(asked)
  if ('value' in answer) return answer.value
  if (answer.fault === 'incomplete') throw new ArchiveFault('gone', 'the history of that moment is not kept any more')
  throw new ArchiveFault('unproven', answer.reason)
}
