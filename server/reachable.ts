/** Patience with a database that is not up yet. */
import { DatabaseError } from './database/port.ts'
import type { Clock } from './ports.ts'

/** Not there yet: no connection, starting up, shutting down, too many connections. A wrong password is not patience's matter. */
const AWAY = new Set(['57P01', '57P02', '57P03', '53300', '08000', '08001', '08003', '08004', '08006'])

const isAway = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && (error.lost || AWAY.has(error.code ?? ''))

/** The database stayed away for as long as there was patience. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

export interface Patience {
  readonly clock: Clock
  /** How long to go on trying. */
  readonly forMs: number
  /** The first pause between two tries; each is twice as long as the one before, … */
  readonly firstPauseMs: number
  /** … until it is as long as this. */
  readonly longestPauseMs: number
  /** Hears of each try that failed and will be followed by another after `pauseMs`, `until` (ms since 1970) at most. */
  readonly told: (reason: string, pauseMs: number, until: number) => void
  /** Ends the wait early. */
  readonly signal: AbortSignal
}

/**
 * Calls `start` until it no longer fails for want of the database.
 * @throws Unreachable once the time is over; what `start` threw where the signal is given or trying again is of no use
 */
export const untilReachable = async <T>(start: () => Promise<T>, patience: Patience): Promise<T> => {
  const { clock, forMs, firstPauseMs, longestPauseMs, told, signal } = patience
  const until = clock.now() + forMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await start()
    } catch (error) {
      if (!isAway(error) || signal.aborted) throw error
      const left = until - clock.now()
      if (left <= 0) throw new Unreachable(error.message, { cause: error })
      const wait = Math.min(pauseMs, left)
      told(error.message, wait, until)
      await pause(wait, patience)
      // A try after the signal would start what is to end.
      if (signal.aborted) throw error
    }
  }
}

const pause = (ms: number, { clock, signal }: Patience): Promise<void> =>
  new Promise((done) => {
    const finish = () => {
      cancel()
      signal.removeEventListener('abort', finish)
      done()
    }
    const cancel = clock.after(ms, finish)
    signal.addEventListener('abort', finish)
  })
